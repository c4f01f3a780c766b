export { type Answer, AwsProxy, failing, losing, refusing, type Rule } from "./aws-proxy.ts";
export { Certificates } from "./certificates.ts";
export { containing } from "./containing.ts";
export { type DebianServer, debianRoot, debianServer } from "./debian-server.ts";
export {
  dead,
  declared,
  eventually,
  type How,
  inboxOf,
  letter,
  lettersOf,
  Member,
  openRig,
  retry,
  type Rig,
  sent,
  sourceOf,
} from "./rig.ts";
export { thrownBy } from "./thrown-by.ts";
export { unchecked } from "./unchecked.ts";
