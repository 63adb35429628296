// Holds an implementation against vectors, as spec/94-vectors.md says: node verify.mjs FILE ...
//
// It needs to read JSON, to subtract and to compare. What is held against them is `Network` of layer.mjs beside this
// file; to verify another, put it in its place.

import { readFileSync } from "node:fs";
import { Network, Unsupported } from "./layer.mjs";

/** The written form: "nan" and "inf" as numbers, {"shape": …} as an array without elements. */
function read(_, value) {
  const nested = ([size, ...rest]) => Array.from({ length: size }, () => (rest.length ? nested(rest) : 0));
  if (value?.shape) return nested(value.shape);
  return typeof value === "string" ? ({ nan: NaN, inf: Infinity, "-inf": -Infinity }[value] ?? value) : value;
}

/** The first element that is not what is expected; "" where there is none. */
function wrong(actual, expected, bound, place) {
  if (typeof expected === "object") {
    if (Array.isArray(expected) && actual.length !== expected.length)
      return `${place}: expected ${expected.length} elements; got ${actual.length}`;
    for (const name of Object.keys(expected)) {
      const message = wrong(actual[name], expected[name], bound[name], `${place}.${name}`);
      if (message) return message;
    }
    return "";
  }
  if (bound === Infinity || actual === expected || Math.abs(actual - expected) <= bound) return "";
  if (Number.isNaN(actual) && Number.isNaN(expected)) return "";
  return `${place}: ${actual}, not ${expected} ± ${bound}`;
}

/** What is wrong with a vector in a type; "" where nothing is; null where something is not supported. */
function verified(vector, dtype) {
  try {
    const network = new Network(vector.network.layers, dtype);
    for (const step of vector.steps) {
      const given = network.do(step);
      if (!step.expected) continue;
      const message = wrong(given, step.expected, step.bounds[dtype], `${dtype} ${step.do}`);
      if (message) return message;
    }
  } catch (error) {
    if (error instanceof Unsupported) return null;
    if (!(error instanceof RangeError)) throw error;
    return vector.may_refuse ? "" : `${dtype}: refused, ${error.message}`;
  }
  return "";
}

/** Whether every vector passes in every type that it has bounds for; prints what is wrong, and the counts. */
function verify(paths) {
  const counts = { passed: 0, skipped: 0, failed: 0 };
  for (const path of paths) {
    const document = JSON.parse(readFileSync(path, "utf8"), read);
    for (const vector of document.chapter ? document.vectors : []) {
      const types = Object.keys(vector.steps.find((step) => step.bounds).bounds);
      const supported = types.map((dtype) => verified(vector, dtype)).filter((message) => message !== null);
      const messages = supported.filter(Boolean);
      counts[messages.length ? "failed" : supported.length ? "passed" : "skipped"] += 1;
      for (const message of messages) console.log(`vector ${vector.id} (${vector.clause}): ${message}`);
    }
  }
  console.log(Object.entries(counts).map(([came, count]) => `${count} ${came}`).join(", "));
  return counts.passed > 0 && counts.failed === 0;
}

process.exit(verify(process.argv.slice(2)) ? 0 : 1);
