import type { Command, Flag } from "../command.ts";
import { bash, zsh } from "../completion-script.ts";
import { UsageError } from "../usage-error.ts";

/** The command that prints completions of the table it is itself in. */
export function completionOf(commands: () => readonly Command[], common: readonly Flag[]): Command {
  return {
    name: "completion",
    summary: "Prints what a shell needs to complete commands and flags",
    operands: "<bash|zsh>",
    details: [],
    flags: [],
    examples: [`source <(waybill completion bash)`, `waybill completion zsh > "\${fpath[1]}/_waybill"`],
    run: async ({ args, output }) => {
      const [shell] = args.operands;
      if (shell !== "bash" && shell !== "zsh") throw new UsageError(`no completion for "${shell}"; give bash or zsh`);
      const script = shell === "bash" ? bash(commands(), common) : zsh(commands(), common);
      await output.result({ script }, script);
      return 0;
    },
  };
}
