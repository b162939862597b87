// Finds the function's handler: "file.export", "folder/file.export" or "file.nested.export", from CommonJS or ES
// modules.
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { HandlerNotFound, ImportModuleError, MalformedHandlerName, UserCodeSyntaxError } from "./errors.mjs";

// In the order in which the public runtime looks.
const SUFFIXES = ["", ".js", ".mjs", ".cjs"];

export async function load(root, name) {
  const { file, members } = parse(name);
  const module = await importModule(path.resolve(root, file), file);
  const handler = find(module, members) ?? find(module.default, members);
  if (handler === undefined) throw new HandlerNotFound(`${name} is undefined or not exported`);
  if (typeof handler !== "function") throw new HandlerNotFound(`${name} is not a function`);
  return handler;
}

function parse(name) {
  const folder = path.dirname(name);
  const match = /^([^.]+)\.(.+)$/.exec(path.basename(name));
  if (!match || name.includes("..")) throw new MalformedHandlerName("Bad handler");
  return { file: path.join(folder, match[1]), members: match[2].split(".") };
}

function find(module, members) {
  return members.reduce((from, member) => from?.[member], module);
}

async function importModule(base, file) {
  const found = SUFFIXES.map((suffix) => base + suffix).find((candidate) => isFile(candidate));
  try {
    if (found) return await importFile(found);
    return createRequire(base)(base); // a folder with an index.js or a package.json
  } catch (error) {
    throw explain(error, file);
  }
}

function isFile(candidate) {
  return fs.statSync(candidate, { throwIfNoEntry: false })?.isFile() ?? false;
}

// require() where the module is CommonJS, so that its own require.main and errors look as usual.
async function importFile(file) {
  if (file.endsWith(".mjs") || (file.endsWith(".js") && isModuleScope(path.dirname(file)))) {
    return import(pathToFileURL(file).href);
  }
  return createRequire(file)(file);
}

function isModuleScope(folder) {
  for (let at = folder; ; at = path.dirname(at)) {
    const description = path.join(at, "package.json");
    if (isFile(description)) return JSON.parse(fs.readFileSync(description, "utf8")).type === "module";
    if (at === path.dirname(at)) return false;
  }
}

function explain(error, file) {
  if (error instanceof SyntaxError) return new UserCodeSyntaxError(error.stack ?? String(error));
  if (error?.code === "MODULE_NOT_FOUND" || error?.code === "ERR_MODULE_NOT_FOUND") {
    const made = new ImportModuleError(error.message ? `Error: ${error.message}` : `Error: Cannot find module '${file}'`);
    made.stack = `${made.name}: ${made.message}\n${String(error.stack).split("\n").slice(1).join("\n")}`;
    return made;
  }
  return error;
}
