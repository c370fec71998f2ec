"use strict";
// Reads /openapi.json and shows every operation, its parameters, bodies and answers, with a form to send it.
// The key stays in this page's memory: it is neither stored nor put into addresses.

const methods = ["get", "post", "put", "patch", "delete"];
let doc;

function el(tag, attrs, ...children) {
  const e = document.createElement(tag);
  for (const [k, v] of Object.entries(attrs || {})) {
    if (k.startsWith("on")) e.addEventListener(k.slice(2), v);
    else if (v !== undefined && v !== false) e.setAttribute(k, v === true ? "" : v);
  }
  for (const c of children.flat()) if (c !== null && c !== undefined) e.append(c);
  return e;
}

function resolve(schema) {
  if (schema && schema.$ref) return doc.components.schemas[schema.$ref.split("/").pop()];
  return schema || {};
}

function typeName(schema) {
  if (schema.$ref) return schema.$ref.split("/").pop();
  const type = Array.isArray(schema.type) ? schema.type.join(" or ") : schema.type || "any";
  if (type.startsWith("array")) return "list of " + typeName(schema.items || {});
  return schema.format ? type + " (" + schema.format + ")" : type;
}

function bounds(s) {
  const out = [];
  if (s.enum) out.push("one of " + s.enum.join(", "));
  if (s.items && s.items.enum) out.push("any of " + s.items.enum.join(", "));
  if (s.minimum !== undefined) out.push("at least " + s.minimum);
  if (s.maximum !== undefined) out.push("at most " + s.maximum);
  if (s.maxLength !== undefined) out.push("up to " + s.maxLength + " characters");
  if (s.minItems !== undefined) out.push("at least " + s.minItems + " entries");
  if (s.maxItems !== undefined) out.push("at most " + s.maxItems + " entries");
  if (s.default !== undefined) out.push("default " + s.default);
  return out.join("; ");
}

// schemaTree lists the members of a schema; members that are objects open on demand, so that cycles do no harm.
function schemaTree(schema) {
  let s = resolve(schema);
  const type = Array.isArray(s.type) ? s.type[0] : s.type;
  if (type === "array") return schemaTree(s.items);
  const names = Object.keys(s.properties || {});
  if (!names.length) return el("p", { class: "dim" }, typeName(schema || {}));
  return el("ul", { class: "schema" }, names.map((name) => {
    const p = s.properties[name];
    const need = (s.required || []).includes(name);
    const line = [el("code", {}, name), need ? el("span", { class: "need", title: "always there" }, "* ") : " ",
      el("span", { class: "dim" }, typeName(p)), " ", p.description || "", " ", el("span", { class: "dim" }, bounds(p))];
    let inner = resolve(p);
    if ((Array.isArray(inner.type) ? inner.type[0] : inner.type) === "array") inner = resolve(inner.items);
    if (!inner.properties) return el("li", {}, line);
    const d = el("details", {}, el("summary", {}, line));
    d.addEventListener("toggle", () => { if (d.open && d.children.length === 1) d.append(schemaTree(p)); });
    return el("li", {}, d);
  }));
}

function exampleBody(media) {
  for (const ex of Object.values(media.examples || {})) return ex.value;
  const s = resolve(media.schema);
  const out = {};
  for (const [name, p] of Object.entries(s.properties || {})) {
    if (!(s.required || []).includes(name)) continue;
    const r = resolve(p);
    const type = Array.isArray(r.type) ? r.type[0] : r.type;
    if (p.examples) out[name] = p.examples[0];
    else if (type === "array") out[name] = [resolve(r.items).enum ? resolve(r.items).enum[0] : ""];
    else out[name] = type === "integer" ? 1 : type === "boolean" ? false : "";
  }
  return out;
}

function paramRow(p, inputs) {
  const s = p.schema || {};
  const example = s.examples ? String(s.examples[0]) : "";
  const input = el("input", { "aria-label": p.name, placeholder: example });
  inputs.push({ p, input });
  return el("tr", {}, el("td", {}, el("code", {}, p.name), p.required ? el("span", { class: "need" }, "*") : null,
    el("div", { class: "dim" }, p.in)), el("td", {}, input),
    el("td", {}, p.description || "", " ", el("span", { class: "dim" }, [typeName(s), bounds(s)].filter(Boolean).join("; "))));
}

async function send(path, method, inputs, bodyInput, out) {
  let url = path;
  const query = new URLSearchParams();
  const headers = {};
  for (const { p, input } of inputs) {
    const v = input.value;
    if (p.in === "path") url = url.replace("{" + p.name + "}", encodeURIComponent(v));
    else if (v === "") continue;
    else if (p.in === "query") query.set(p.name, v);
    else headers[p.name] = v;
  }
  const key = document.getElementById("key").value.trim();
  if (key) headers.Authorization = "Bearer " + key;
  const lang = document.getElementById("lang").value.trim();
  if (lang && !headers["Accept-Language"]) headers["Accept-Language"] = lang;
  if (query.toString()) url += "?" + query;
  const options = { method, headers, cache: "no-store" };
  if (bodyInput) { options.body = bodyInput.value; headers["Content-Type"] = "application/json"; }
  const shown = Object.entries(headers).map(([k, v]) => " -H '" + k + ": " + (k === "Authorization" ? "Bearer …" : v) + "'").join("");
  out.replaceChildren(el("p", {}, "…"));
  try {
    const began = performance.now();
    const res = await fetch(url, options);
    const blob = await res.blob();
    const took = Math.round(performance.now() - began);
    const type = res.headers.get("Content-Type") || "";
    const parts = [el("p", {}, el("strong", {}, String(res.status)), " " + took + " ms, " + blob.size + " bytes"),
      el("pre", {}, "curl -X " + method + shown + " '" + location.origin + url + "'"),
      el("details", {}, el("summary", {}, "headers"), el("pre", {}, [...res.headers].map(([k, v]) => k + ": " + v).join("\n")))];
    if (type.includes("json")) {
      const text = await blob.text();
      let pretty = text;
      try { pretty = JSON.stringify(JSON.parse(text), null, 2); } catch (e) { /* shown as it came */ }
      parts.push(el("pre", {}, pretty));
    } else if (type.startsWith("image/")) {
      parts.push(el("img", { class: "answer", src: URL.createObjectURL(blob), alt: "the answer" }));
    } else if (type === "application/pdf") {
      parts.push(el("a", { href: URL.createObjectURL(blob), download: "tickets.pdf" }, "save the PDF"));
    } else {
      parts.push(el("pre", {}, await blob.text()));
    }
    out.replaceChildren(...parts);
  } catch (e) {
    out.replaceChildren(el("p", { class: "need" }, "Not sent: " + e.message));
  }
}

function operation(path, method, op) {
  const inputs = [];
  const out = el("div", { "aria-live": "polite" });
  const parts = [];
  for (const line of (op.description || "").split("\n")) if (line) parts.push(el("p", {}, line));
  if ((op.parameters || []).length) {
    parts.push(el("h3", {}, "Parameters"), el("table", {}, op.parameters.map((p) => paramRow(p, inputs))));
  }
  let bodyInput = null;
  const media = op.requestBody && op.requestBody.content["application/json"];
  if (media) {
    bodyInput = el("textarea", { "aria-label": "body", spellcheck: "false" });
    bodyInput.value = JSON.stringify(exampleBody(media), null, 2);
    const choices = Object.values(media.examples || {});
    parts.push(el("h3", {}, "Body"));
    if (choices.length > 1) {
      parts.push(el("p", {}, choices.map((ex) => el("button", { type: "button", onclick: () => { bodyInput.value = JSON.stringify(ex.value, null, 2); } }, ex.summary))));
    }
    parts.push(bodyInput, el("details", {}, el("summary", {}, "members"), schemaTree(media.schema)));
  }
  parts.push(el("button", { type: "button", onclick: () => send(path, method.toUpperCase(), inputs, bodyInput, out) }, "Send"), out, el("h3", {}, "Answers"));
  for (const [status, res] of Object.entries(op.responses || {}).sort()) {
    const head = [el("code", {}, status), " ", res.description || ""];
    const content = Object.values(res.content || {})[0];
    if (!content || !content.schema || Number(status) >= 400) { parts.push(el("p", {}, head)); continue; }
    const d = el("details", {}, el("summary", {}, head));
    d.addEventListener("toggle", () => { if (d.open && d.children.length === 1) d.append(schemaTree(content.schema)); });
    parts.push(d);
  }
  return el("details", { class: "op", id: op.operationId }, el("summary", {}, el("span", { class: "method " + method.toUpperCase() }, method.toUpperCase()),
    el("span", { class: "path" }, path), " ", el("span", { class: "dim" }, op.summary || "")), el("div", {}, parts));
}

// promises shows the document's description: headings, list entries with **bold**, and plain lines.
function promises(text) {
  return text.split("\n").filter((l) => l.trim()).map((line) => {
    if (line.startsWith("## ")) return el("h2", {}, line.slice(3));
    const item = line.startsWith("- ");
    const parts = (item ? line.slice(2) : line).split("**").map((t, i) => (i % 2 ? el("strong", {}, t) : t));
    return el(item ? "li" : "p", {}, parts);
  });
}

// show builds the page once; filter hides what does not hold the word.
function show() {
  document.getElementById("version").textContent = doc.info.version || "";
  const nav = document.getElementById("nav");
  const main = document.getElementById("main");
  const entries = [];
  nav.replaceChildren();
  main.replaceChildren(el("section", {}, promises(doc.info.description || "")));
  for (const tag of doc.tags || []) {
    nav.append(el("h2", {}, tag.name));
    const section = el("section", {}, el("h2", {}, tag.name), el("p", { class: "dim" }, tag.description || ""));
    for (const path of Object.keys(doc.paths).sort()) {
      for (const method of methods) {
        const op = doc.paths[path][method];
        if (!op || !(op.tags || []).includes(tag.name)) continue;
        const node = operation(path, method, op);
        const link = el("a", { href: "#" + op.operationId, onclick: () => { node.open = true; } },
          el("span", { class: "method " + method.toUpperCase() }, method.toUpperCase()), path.replace("/v1", ""));
        entries.push({ node, link, text: (path + " " + op.summary + " " + (op.description || "")).toLowerCase() });
        section.append(node);
        nav.append(link);
      }
    }
    main.append(section);
  }
  document.getElementById("find").addEventListener("input", (e) => {
    const word = e.target.value.trim().toLowerCase();
    for (const { node, link, text } of entries) node.hidden = link.hidden = !text.includes(word);
  });
  const wanted = document.getElementById(location.hash.slice(1));
  if (wanted) { wanted.open = true; wanted.scrollIntoView(); }
}

fetch("/openapi.json").then((r) => r.json()).then((d) => {
  doc = d;
  show();
}).catch((e) => { document.getElementById("main").textContent = "The document could not be loaded: " + e.message; });
