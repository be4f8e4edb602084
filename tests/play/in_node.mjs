// Reads a job from the standard input, and writes its answer.
import { readFileSync } from "node:fs";
import { answer } from "./jobs.js";

const folder = new URL("../../docs/assets/play/", import.meta.url);
const engine = {};
for (const name of ["random", "data", "model"]) engine[name] = await import(new URL(`${name}.js`, folder));
console.log(JSON.stringify(answer(engine, JSON.parse(readFileSync(0, "utf-8")))));
