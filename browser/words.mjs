// What the pages say, from the same files. Only messages without arguments can be asked for.
import { existsSync, readFileSync } from "node:fs";

const file = (language) => new URL(`../crates/checkout/locales/${language}.ftl`, import.meta.url);

const read = (language) =>
  Object.fromEntries(
    [...readFileSync(file(language), "utf8").matchAll(/^([a-z][\w-]*) = ([^{\n]+)$/gm)].map(([, id, text]) => [id, text.trim()]),
  );

export const WORDS = Object.fromEntries(["en", "ar"].filter((language) => existsSync(file(language))).map((language) => [language, read(language)]));
