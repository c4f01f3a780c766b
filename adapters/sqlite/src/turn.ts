/** What has to happen once a transaction is on disk, and what if it came to nothing. */
export class Turn {
  readonly done: (() => void)[] = [];
  readonly undone: (() => void)[] = [];
}
