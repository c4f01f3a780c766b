import { GenericError, MultipleErrors } from "@platformatic/kafka";
import { DriverError } from "../driver.ts";

/** What the client has thrown, in our words; `otherwise`: what it means where no broker has answered. */
export function toDriverError(thrown: unknown, otherwise: "unreachable" | "lost", where: string): DriverError {
  const ours = chainOf(thrown).find((error) => error instanceof DriverError);
  if (ours !== undefined) return ours;
  const answered = protocolErrorIn(thrown);
  if (answered !== undefined) {
    const said = answered.said === "" ? "" : `: ${answered.said}`;
    return new DriverError("refused", answered.reason, `${where} answers ${answered.reason}${said}`, { cause: thrown });
  }
  const { reason, message } = rootOf(thrown);
  return new DriverError(otherwise, reason, `${where}: ${message}`, { cause: thrown });
}

function protocolErrorIn(thrown: unknown): { readonly reason: string; readonly said: string } | undefined {
  let other: { readonly reason: string; readonly said: string } | undefined;
  for (const error of chainOf(thrown)) {
    if (!(error instanceof GenericError)) continue;
    const { apiId, serverErrorMessage } = error as { readonly apiId?: unknown; readonly serverErrorMessage?: unknown };
    if (typeof apiId !== "string") continue;
    const said = typeof serverErrorMessage === "string" ? serverErrorMessage.slice(0, 300) : "";
    // It says that something else was refused.
    if (apiId !== "OPERATION_NOT_ATTEMPTED") return { reason: apiId, said };
    other ??= { reason: apiId, said };
  }
  return other;
}

/** The first cause: what the system said, or the client. */
function rootOf(thrown: unknown): { readonly reason: string; readonly message: string } {
  const last = chainOf(thrown).at(-1);
  if (!(last instanceof Error)) return { reason: "UNKNOWN", message: "the client failed without saying why" };
  const { code } = last as { readonly code?: unknown };
  return {
    reason: typeof code === "string" ? code : last.name,
    message: last.message.split("\n")[0]?.slice(0, 300) ?? "",
  };
}

/** An error with all that it stands on, the outermost first. */
function chainOf(thrown: unknown): readonly unknown[] {
  const chain: unknown[] = [];
  const visit = (error: unknown): void => {
    if (error === undefined || error === null || chain.includes(error)) return;
    chain.push(error);
    if (error instanceof MultipleErrors || error instanceof AggregateError) for (const one of error.errors) visit(one);
    if (error instanceof Error) visit(error.cause);
  };
  visit(thrown);
  return chain;
}
