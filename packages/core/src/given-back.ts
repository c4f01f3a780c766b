/** Rejects a handling that had not begun when its consumer stood still: nothing has failed, its message is given back. */
export class GivenBack extends Error {
  override readonly name: string = "GivenBack";
}
