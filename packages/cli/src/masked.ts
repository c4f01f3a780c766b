/** A URL without what may be secret: user info and the values of its query (LIF-6). */
export function masked(url: string | URL): string {
  const parsed = new URL(url);
  const [base = ""] = parsed.href.split(/[?#]/);
  const open = parsed.username === "" && parsed.password === "" ? base : base.replace(/\/\/[^/]*@/, "//…@");
  const names = [...parsed.searchParams.keys()];
  return names.length === 0 ? open : `${open}?${names.map((name) => `${name}=…`).join("&")}`;
}
