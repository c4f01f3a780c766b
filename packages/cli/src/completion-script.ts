import type { Command, Flag } from "./command.ts";

/** A completion script for bash. */
export function bash(commands: readonly Command[], common: readonly Flag[]): string {
  return `# bash completion of waybill: source <(waybill completion bash)
_waybill() {
  local at=() words
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do [[ $word != -* ]] && at+=("$word"); done
${choices(commands, common, "${at[*]:0:2}")}
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _waybill waybill`;
}

/** A completion script for zsh. */
export function zsh(commands: readonly Command[], common: readonly Flag[]): string {
  return `#compdef waybill
_waybill() {
  local -a at
  local given
  for given in "\${(@)words[2,CURRENT-1]}"; do [[ $given != -* ]] && at+=("$given"); done
  local words
${choices(commands, common, "${at[1,2]}")}
  compadd -- \${=words}
  _files
}
compdef _waybill waybill`;
}

/** What may come next, by the words before. */
function choices(commands: readonly Command[], common: readonly Flag[], words: string): string {
  const families = Map.groupBy(
    commands.filter(({ name }) => name.includes(" ")),
    ({ name }) => name.split(" ")[0] ?? name,
  );
  const first = [...new Set(commands.map(({ name }) => name.split(" ")[0] ?? name))];
  const cases = [
    ...commands.map(({ name, flags }) =>
      line(name.includes(" ") ? `"${name}"` : `"${name}"*`, flagsOf([...flags, ...common])),
    ),
    ...[...families].map(([family, members]) =>
      line(
        `"${family}"*`,
        members.map(({ name }) => name.slice(family.length + 1)),
      ),
    ),
    line("*", [...first, ...flagsOf(common)]),
  ];
  return [`  case "${words}" in`, ...cases, "  esac"].join("\n");
}

function line(pattern: string, words: readonly string[]): string {
  return `    ${pattern}) words="${words.join(" ")}" ;;`;
}

function flagsOf(flags: readonly Flag[]): readonly string[] {
  return flags.map(({ name }) => `--${name}`);
}
