/* <brain-assistant>: answers from a help centre, each sentence with its sources. One file, no dependency; see docs/pages.md. */
(() => {
  "use strict";

  const HOME = new URL(document.currentScript?.src || location.href).origin;
  const MOST_KEPT = 20; // exchanges in sessionStorage
  const MOST_TURNS = 10; // sent with a question
  const MOST_TURN_CHARS = 2000;
  const SILENCE_MS = 40_000; // without a byte, of which the service sends one every 15 s, the connection is lost
  const AGAIN_MS = [300, 1000, 3000]; // before a lost connection is tried again
  const MOST_PAGES = 3; // of those that were found
  const AROUND = 220; // characters shown before and after a quote

  const TEXTS = {
    fr: {
      title: "Une question ?",
      open: "Poser une question",
      close: "Fermer",
      fresh: "Nouvelle conversation",
      ask: "Votre question",
      send: "Envoyer",
      stop: "Arrêter",
      you: "Vous",
      answer: "Réponse",
      searching: "Recherche en cours…",
      writing: "Rédaction de la réponse…",
      found: "Pages trouvées",
      resuming: "Connexion perdue, nouvel essai…",
      done: "Réponse complète.",
      sources: "Sources",
      source: (n, title) => `Source ${n} : ${title}`,
      passage: "Passage cité",
      read: "Ouvrir l'article à ce passage",
      updated: (day) => `mis à jour le ${day}`,
      newest: "le plus récent",
      copy: "Copier",
      copied: "Copié",
      notCopied: "Copie impossible",
      up: "Réponse utile",
      down: "Réponse inutile",
      thanks: "Merci pour votre avis",
      person: "Parler à une personne",
      closest: "À lire plutôt",
      suggestions: "Questions fréquentes",
      unsupported: "à vérifier",
      more: (n) => `et ${n} autres : écrivez la vôtre`,
      away: "Le service est injoignable pour le moment.",
      broken: "Réponse incomplète : la connexion a été coupée.",
      stopped: "Réponse incomplète : vous l'avez arrêtée.",
      retry: "Réessayer",
      problem: {
        401: "Cette page n'a pas accès au service.",
        403: "Cette page n'a pas accès au service.",
        413: "La question est trop longue.",
        422: "La question est trop longue ou n'a pas pu être lue.",
        429: "Trop de questions à la fois. Réessayez dans un instant.",
        503: "Le service démarre ou se remet. Réessayez dans un instant.",
      },
      failed: "Le service n'a pas pu répondre.",
      nobody: "Cette page n'indique pas comment joindre une personne.",
      contact: "Contact",
    },
    en: {
      title: "Any question?",
      open: "Ask a question",
      close: "Close",
      fresh: "New conversation",
      ask: "Your question",
      send: "Send",
      stop: "Stop",
      you: "You",
      answer: "Answer",
      searching: "Searching…",
      writing: "Writing the answer…",
      found: "Pages found",
      resuming: "Connection lost, trying again…",
      done: "Answer complete.",
      sources: "Sources",
      source: (n, title) => `Source ${n}: ${title}`,
      passage: "Cited passage",
      read: "Open the article at this passage",
      updated: (day) => `updated on ${day}`,
      newest: "the most recent",
      copy: "Copy",
      copied: "Copied",
      notCopied: "Could not copy",
      up: "Helpful answer",
      down: "Unhelpful answer",
      thanks: "Thank you for your opinion",
      person: "Talk to a person",
      closest: "You may rather read",
      suggestions: "Frequent questions",
      unsupported: "to be checked",
      more: (n) => `and ${n} more: type yours`,
      away: "The service can't be reached at the moment.",
      broken: "Incomplete answer: the connection was lost.",
      stopped: "Incomplete answer: you stopped it.",
      retry: "Try again",
      problem: {
        401: "This page has no access to the service.",
        403: "This page has no access to the service.",
        413: "The question is too long.",
        422: "The question is too long or could not be read.",
        429: "Too many questions at once. Try again in a moment.",
        503: "The service is starting or recovering. Try again in a moment.",
      },
      failed: "The service could not answer.",
      nobody: "This page does not say how to reach a person.",
      contact: "Contact",
    },
  };

  // ---------------------------------------------------------------- the service

  /** What the service said instead of an answer. */
  class Problem extends Error {
    /** `wait`: seconds after which one may ask again, where the service says so. */
    constructor(status, body = {}, wait = 0) {
      super(body.title || String(status));
      Object.assign(this, { status, wait });
    }
  }

  /** A problem in the reader's language. */
  function wordsOf({ status, wait }, language) {
    const t = TEXTS[language];
    return (t.problem[status] || t.failed) + (wait > 2 ? ` (${wait} s)` : "");
  }

  async function problemOf(response) {
    const body = await response.json().catch(() => ({}));
    return new Problem(response.status, body, Number(response.headers.get("Retry-After")) || 0);
  }

  /** Yields [name, data, id] of each server-sent event; `data` is read as JSON, null where there is none. */
  async function* events(body, heard = () => {}) {
    const reader = body.getReader();
    const decoder = new TextDecoder();
    let rest = "";
    try {
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        heard();
        rest += decoder.decode(value, { stream: true });
        const blocks = rest.split("\n\n");
        rest = blocks.pop();
        for (const block of blocks) {
          const of = (field) =>
            block.split("\n").filter((line) => line.startsWith(`${field}:`)).map((line) => line.slice(field.length + 1).trimStart());
          yield [of("event")[0], JSON.parse(of("data").join("\n") || null), of("id")[0]];
        }
      }
    } finally {
      reader.cancel().catch(() => {});
    }
  }

  /** What an event tells of an answer on its way, which has the form of a whole one, and `found`: what it is written from. */
  const TOLD = {
    passages: (shown, { passages }) => Object.assign(shown, { found: passages, quoted: passages.filter(({ text }) => text !== null) }),
    sentence: (shown, sentence) => shown.sentences.push(sentence),
    citation: (shown, source) => shown.sources.push(source),
  };
  const nothing = () => ({ sentences: [], sources: [], quoted: [], found: [] });

  /**
   * Asks, and gives the whole answer. Calls `on.start()` with what is to be shown of it when nothing is there (yet, or any more),
   * `on.passages()`, `on.sentence()`, `on.citation()` with what was added to it, `on.lost()` when the connection is: it is taken up
   * where it broke off.
   * Throws a Problem, or another error where the connection failed for good; `stop` is an AbortSignal.
   */
  async function ask(endpoint, headers, question, on, stop) {
    const place = { id: "", shown: nothing() };
    on.start(place.shown);
    for (let tries = 0; ; tries++) {
      try {
        return await listen(endpoint, place.id ? { ...headers, "Last-Event-ID": place.id } : headers, question, on, stop, place);
      } catch (error) {
        const passes = !(error instanceof Problem) || (!error.final && error.status > 501); // the service is being started
        if (!place.id || !passes || stop?.aborted || tries === AGAIN_MS.length) throw error;
        on.lost();
        await new Promise((done) => {
          setTimeout(done, AGAIN_MS[tries]);
          stop?.addEventListener("abort", done);
        });
        if (stop?.aborted) throw error;
      }
    }
  }

  /** One connection; `place.id` is the last event that came. */
  async function listen(endpoint, headers, question, on, stop, place) {
    const silence = new AbortController();
    let timer;
    const heard = () => {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE_MS);
    };
    heard();
    const give = () => silence.abort();
    stop?.addEventListener("abort", give);
    try {
      const response = await fetch(`${endpoint}/v1/answer`, {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "text/event-stream", ...headers },
        body: JSON.stringify(question),
        credentials: "omit",
        cache: "no-store",
        signal: silence.signal,
      });
      if (!response.ok) throw await problemOf(response);
      if (!(response.headers.get("Content-Type") || "").startsWith("text/event-stream")) return await response.json();
      for await (const [name, data, id] of events(response.body, heard)) {
        place.id = id || place.id;
        if (name === "done") return data;
        if (name === "problem") throw Object.assign(new Problem(data.status, data), { final: true });
        if (name === "restart") on.start((place.shown = nothing()));
        if (!TOLD[name]) continue;
        TOLD[name](place.shown, data);
        on[name]?.(data);
      }
      throw new Error("the stream ended before the answer");
    } finally {
      clearTimeout(timer);
      stop?.removeEventListener("abort", give);
    }
  }

  /** Past exchanges as the `turns` of the next question. */
  function turnsOf(exchanges) {
    const turns = [];
    for (const { question, answer } of exchanges) {
      const said = answer && (answer.text || answer.message);
      if (!said) continue;
      turns.push({ role: "user", text: question.slice(0, MOST_TURN_CHARS) });
      turns.push({ role: "assistant", text: said.slice(0, MOST_TURN_CHARS) });
    }
    return turns.slice(-MOST_TURNS);
  }

  // ---------------------------------------------------------------- what is shown

  /** A new element. Texts go in as text, never as markup. */
  function el(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
      else if (value === true) made.setAttribute(name, "");
      else if (value !== false && value != null) made.setAttribute(name, value);
    }
    made.append(...children.filter((child) => child != null && child !== false));
    return made;
  }

  /** Markdown's marks taken away: passages are shown as text. */
  function plain(text) {
    return text
      .replace(/^\s*\|?[ :|-]*-{3,}[ :|-]*$\n?/gm, "")
      .replace(/^ {0,3}#{1,6}\s+/gm, "")
      .replace(/!?\[([^\]]*)\]\([^)\s]*\)/g, "$1")
      .replace(/\*\*|__|`/g, "")
      .replace(/^\s*\|\s?|\s?\|\s*$/gm, "")
      .replace(/ ?\| ?/g, " · ")
      .replace(/\n{3,}/g, "\n\n");
  }

  /** A passage's or an answer's text as nodes: Markdown's tables are tables, all else is text. `asked`: where a table's cells stand that are pointed at. */
  function nodesOf(text, asked = []) {
    return text.split(/((?:^[ \t]*\|.*\|[ \t]*(?:\n|$))+)/m).filter(Boolean).map((block) => (/^\s*\|/.test(block) ? tableOf(block, asked) : plain(block)));
  }

  function tableOf(block, asked) {
    let at = 0; // in characters, as the service counts them
    const cells = (line) => {
      const found = [];
      for (const part of line.split(/(?<!\\)\|/)) {
        const start = at;
        at += [...part].length + 1; // and the bar, or the line's end
        found.push({ text: part.trim(), pointed: asked.some((span) => start <= span[0] && span[1] < at) });
      }
      return found.slice(1, -1);
    };
    const rows = block.trimEnd().split("\n").map(cells);
    const isRule = (row) => row?.every((cell) => /^:?-+:?$/.test(cell.text));
    const shown = (cell) => (cell.pointed ? el("mark", {}, plain(cell.text)) : plain(cell.text));
    const row = (tag, more) => (each) => el("tr", {}, ...each.map((cell) => el(tag, { ...more, class: cell.pointed ? "asked" : null }, shown(cell))));
    const head = isRule(rows[1]) ? [rows[0]] : [];
    const body = rows.slice(head.length).filter((each) => !isRule(each));
    return el(
      "div",
      { class: "wide", tabindex: 0 }, // may be scrolled, by keyboard too
      el("table", {}, el("thead", {}, ...head.map(row("th", { scope: "col" }))), el("tbody", {}, ...body.map(row("td", {})))),
    );
  }

  /** The address where a browser may go, or null: pages' own scripts never get in by `javascript:`. */
  function safeLink(url, schemes = ["http:", "https:"]) {
    try {
      const parsed = new URL(url);
      return schemes.includes(parsed.protocol) ? parsed.href : null;
    } catch {
      return null;
    }
  }

  /** The article's address with the quote as a text fragment: browsers scroll to it and highlight it. */
  function linkTo(url, quote) {
    const address = safeLink(url);
    const words = plain(quote || "").split("\n")[0].trim().split(/\s+/).filter(Boolean);
    if (!address || !words.length) return address;
    const part = (some) => encodeURIComponent(some.join(" ")).replace(/-/g, "%2D");
    const text = words.length > 10 ? `${part(words.slice(0, 5))},${part(words.slice(-5))}` : part(words);
    return `${address}${address.includes("#") ? "" : "#"}:~:text=${text}`;
  }

  /** The passage's text, or what stands around its quotes, as nodes; the quotes are in <mark>. */
  function highlighted(text, spans, around = Infinity) {
    // The service counts characters, JavaScript counts UTF-16 units.
    const characters = [...text];
    const sorted = [...spans].sort((a, b) => a[0] - b[0]);
    const from = wordStart(characters, sorted[0][0] - around);
    const to = wordEnd(characters, Math.max(...sorted.map((span) => span[1])) + around);
    const piece = (a, b) => nodesOf(characters.slice(a, b).join(""));
    const nodes = [from > 0 ? "… " : ""];
    let at = from;
    for (const [start, end] of sorted) {
      if (end <= at) continue;
      nodes.push(...piece(at, Math.max(at, start)), el("mark", {}, ...piece(Math.max(at, start), end)));
      at = end;
    }
    nodes.push(...piece(at, to), to < characters.length ? " …" : "");
    return nodes.filter((node) => node !== "");
  }

  function wordStart(characters, at) {
    if (at <= 0) return 0;
    while (at < characters.length && /\S/.test(characters[at - 1])) at++;
    return at;
  }

  function wordEnd(characters, at) {
    if (at >= characters.length) return characters.length;
    while (at > 0 && /\S/.test(characters[at])) at--;
    return at;
  }

  /** The title of a citation's document, as far as it is known. */
  function titleOf({ number, document_id: id }, { sources, found = [] }) {
    return (sources.find((source) => source.number === number) || found.find((passage) => passage.document_id === id))?.title;
  }

  /** A sentence's citations by document: [[number, citations], …]. */
  function byNumber(citations) {
    const groups = new Map();
    for (const citation of citations) groups.set(citation.number, [...(groups.get(citation.number) || []), citation]);
    return [...groups];
  }

  /** Each cited passage with the spans of its quotes: [{text, spans, quote, headings}], for the citations of one document. */
  function passagesOf(citations, answer) {
    const found = new Map();
    for (const { passage_id: id, span, quote } of citations) {
      const whole = answer.quoted?.find((passage) => passage.id === id);
      // Without the passage the quote stands for itself.
      const key = whole ? id : quote;
      const entry = found.get(key) || { text: whole?.text ?? quote, spans: [], quote, headings: whole?.heading_path || [] };
      entry.spans.push(whole ? span : [0, [...quote].length]);
      found.set(key, entry);
    }
    return [...found.values()];
  }

  function dayOf(date, language) {
    return new Date(`${date}T00:00:00`).toLocaleDateString(language, { day: "numeric", month: "long", year: "numeric" });
  }

  /** Whether it could be copied. `place`: an element that may get the focus. */
  async function toClipboard(text, place) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // Only pages on https and on this machine have it; this older way works on all.
      const focused = place.getRootNode().activeElement;
      const area = el("textarea", { class: "out", readonly: true });
      area.value = text;
      place.append(area);
      area.select();
      const copied = document.execCommand("copy");
      area.remove();
      focused?.focus();
      return copied;
    }
  }

  /** The answer for a mail: sentences, then sources with their addresses. */
  function asText(answer, labels) {
    const lines = answer.sources.map((source) => {
      const address = safeLink(source.url);
      return address ? `${source.title} – ${address}` : source.title;
    });
    const said = answer.sentences.map((sentence) => plain(sentence.text)).join(" ") || answer.message || "";
    return lines.length ? `${said}\n\n${labels.sources}\n${lines.map((line) => `- ${line}`).join("\n")}` : said;
  }

  function icon(path) {
    const make = (tag, attributes) => {
      const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
      for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
      return made;
    };
    const svg = make("svg", { viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" });
    svg.append(make("path", { d: path }));
    return svg;
  }

  const ICONS = {
    chat: "M4 4h16v12H9l-5 4z",
    close: "M6 6l12 12M18 6L6 18",
    fresh: "M12 5v14M5 12h14",
    send: "M4 12l16-8-6 16-3-7z",
    stop: "M7 7h10v10H7z",
    copy: "M9 9h11v11H9zM15 9V4H4v11h5",
    up: "M7 11v9H4v-9zM7 11l4-8c2 0 3 1 2 6h6l-1 11H7",
    down: "M7 13V4H4v9zM7 13l4 8c2 0 3-1 2-6h6L18 4H7",
  };

  const STYLE = `
:host { all: initial; display: block; color-scheme: light;
  --c: var(--brain-color, #1d4ed8); --on: var(--brain-on-color, #fff); --bg: var(--brain-background, #fff);
  --fg: var(--brain-text, #1b1f27); --soft: var(--brain-soft, #f0f3f8); --line: var(--brain-line, #858c9b);
  --dim: var(--brain-dim, #535b6b); --mark: var(--brain-mark, #ffe9a8); --warn: var(--brain-warn, #93350b);
  --r: var(--brain-radius, 12px);
  font: 16px/1.5 var(--brain-font, system-ui, sans-serif); color: var(--fg); }
:host([hidden]) { display: none; }
:host([theme="dark"]) { color-scheme: dark; --c: var(--brain-color, #8fb4ff); --on: var(--brain-on-color, #0b1220); --bg: var(--brain-background, #161a22);
  --fg: var(--brain-text, #e8ebf1); --soft: var(--brain-soft, #232936); --line: var(--brain-line, #7b8496); --dim: var(--brain-dim, #b3bac7);
  --mark: var(--brain-mark, #5c4a10); --warn: var(--brain-warn, #ffb48a); }
@media (prefers-color-scheme: dark) { :host(:not([theme="light"])) { color-scheme: dark; --c: var(--brain-color, #8fb4ff);
  --on: var(--brain-on-color, #0b1220); --bg: var(--brain-background, #161a22); --fg: var(--brain-text, #e8ebf1); --soft: var(--brain-soft, #232936);
  --line: var(--brain-line, #7b8496); --dim: var(--brain-dim, #b3bac7); --mark: var(--brain-mark, #5c4a10); --warn: var(--brain-warn, #ffb48a); } }
*, *::before, *::after { box-sizing: border-box; }
button, textarea { font: inherit; color: inherit; }
button { cursor: pointer; min-width: 28px; min-height: 28px; border: 1px solid transparent; border-radius: 8px; background: none; padding: 2px 8px; }
button:disabled { cursor: default; opacity: .6; }
:focus-visible { outline: 3px solid var(--c); outline-offset: 2px; }
svg { width: 20px; height: 20px; fill: none; stroke: currentColor; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; display: block; }
a { color: var(--c); }
.out { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.launch { position: fixed; inset: auto var(--brain-right, 20px) var(--brain-bottom, 20px) auto; z-index: var(--brain-layer, 2147483000); display: flex; gap: 8px;
  align-items: center; min-height: 52px; padding: 0 20px; border-radius: 26px; background: var(--c); color: var(--on); font-weight: 600; box-shadow: 0 4px 16px #0005; }
.launch:focus-visible { outline-color: var(--fg); }
dialog { position: fixed; inset: auto var(--brain-right, 20px) var(--brain-bottom, 20px) auto; margin: 0; width: min(420px, calc(100vw - 40px));
  height: min(680px, calc(100dvh - 40px)); max-width: none; max-height: none; padding: 0; border: 1px solid var(--line); border-radius: var(--r);
  background: var(--bg); color: var(--fg); box-shadow: 0 8px 40px #0006; overflow: hidden; }
dialog::backdrop { background: #0003; }
dialog[open] { animation: up .18s ease-out; }
@keyframes up { from { transform: translateY(12px); opacity: 0; } }
@media (max-width: 480px) { dialog { inset: 0; width: 100vw; height: 100dvh; border: 0; border-radius: 0; } }
.panel { display: flex; flex-direction: column; height: 100%; min-height: 0; background: var(--bg); }
:host([mode="inline"]) .panel { height: var(--brain-height, 560px); border: 1px solid var(--line); border-radius: var(--r); overflow: hidden; }
header { display: flex; gap: 4px; align-items: center; padding: 8px 8px 8px 16px; border-bottom: 1px solid var(--line); }
h2 { flex: 1; margin: 0; font-size: 1.05em; overflow-wrap: anywhere; }
.log { position: relative; flex: 1; overflow-y: auto; padding: 16px; overflow-wrap: anywhere; }
.who { margin: 0 0 2px; font-size: .8em; font-weight: 600; color: var(--dim); }
.asked { margin: 0 0 12px auto; width: fit-content; max-width: 90%; padding: 8px 12px; border-radius: var(--r); background: var(--soft); white-space: pre-line; }
.asked p { margin: 0; }
.given { margin: 0 0 24px; }
.given p, .text { margin: 0 0 8px; white-space: pre-line; }
.wide { overflow-x: auto; margin: 4px 0; }
table { border-collapse: collapse; font-size: .88em; white-space: normal; }
th, td { padding: 2px 8px; border: 1px solid var(--line); text-align: left; overflow-wrap: normal; }
mark:has(table) { display: block; padding: 0; }
mark td, mark th, td.asked { background: var(--mark); }
td.asked { font-weight: 600; outline: 2px solid var(--c); outline-offset: -2px; }
.waits { color: var(--dim); }
.waits::after { content: ""; display: inline-block; width: .7em; height: .7em; margin-left: .5em; border: 2px solid; border-right-color: transparent; border-radius: 50%;
  animation: turn 1s linear infinite; }
@keyframes turn { to { transform: rotate(1turn); } }
.cite { min-width: 26px; min-height: 26px; padding: 0 6px; margin: 0 2px; border-color: var(--line); font-size: .8em; font-weight: 600; color: var(--c); line-height: 1.2; }
.cite[aria-expanded="true"] { background: var(--c); color: var(--on); }
.unsure { text-decoration: underline dotted; }
.note { color: var(--dim); }
.warn { color: var(--warn); font-weight: 600; }
.card { margin: 0 0 12px; padding: 12px; border: 1px solid var(--line); border-left: 4px solid var(--c); border-radius: 8px; background: var(--soft); }
.card .top { display: flex; gap: 8px; align-items: start; justify-content: space-between; }
h3 { margin: 0; font-size: 1em; }
.given > h3, .given > div > h3 { margin: 8px 0 4px; font-size: .85em; color: var(--dim); }
blockquote { margin: 8px 0; max-height: 12em; overflow-y: auto; font-size: .92em; white-space: pre-line; }
mark { background: var(--mark); color: var(--fg); padding: 0 1px; }
ol, ul { margin: 0 0 8px; padding-left: 1.6em; font-size: .92em; }
li { padding: 2px 0; }
.row { display: flex; flex-wrap: wrap; gap: 4px; align-items: center; margin: 0 0 8px; }
.pick { padding: 4px 12px; border-color: var(--line); border-radius: 16px; background: var(--bg); color: var(--c); text-align: left; }
.tool[aria-pressed="true"] { color: var(--c); background: var(--soft); border-color: var(--c); }
form { display: flex; gap: 8px; align-items: end; padding: 12px; border-top: 1px solid var(--line); }
textarea { flex: 1; min-width: 0; resize: none; max-height: 8em; padding: 8px 12px; border: 1px solid var(--line); border-radius: 8px; background: var(--bg); field-sizing: content; }
::placeholder { color: var(--dim); opacity: 1; }
.send { min-width: 44px; min-height: 44px; padding: 0; display: grid; place-items: center; background: var(--c); color: var(--on); }
.foot { padding: 8px 12px; }
@media (prefers-reduced-motion: reduce) { *, *::before, *::after { animation: none !important; scroll-behavior: auto !important; } }
@media (forced-colors: active) { .launch, .send { border-color: ButtonText; } mark { outline: 1px solid; } }
`;

  let sheet; // shared by all components of a page; a strict CSP lets constructed sheets pass
  let count = 0;

  class BrainAssistant extends HTMLElement {
    static observedAttributes = ["language", "mode", "title", "suggestions", "site-key", "endpoint", "person"];
    /** For the console, which shows the same answers. */
    static parts = { ask, turnsOf, el, plain, nodesOf, safeLink, linkTo, highlighted, byNumber, titleOf, passagesOf, dayOf, toClipboard, asText, Problem, problemOf, wordsOf };

    #exchanges = [];
    #token = null; // {value, until}
    #running = null; // AbortController of the question being answered
    #feedback = null; // whether opinions are taken; null while nobody asked
    #contact = null;
    #id = `brain-${++count}`;
    #scrolled = null; // where the log was put while an answer comes; elsewhere once the reader moved it
    #parts = {};

    connectedCallback() {
      if (!this.shadowRoot) this.attachShadow({ mode: "open" });
      if (!sheet) {
        sheet = new CSSStyleSheet();
        sheet.replaceSync(STYLE);
      }
      this.shadowRoot.adoptedStyleSheets = [sheet];
      this.#exchanges = this.#kept();
      this.#build();
    }

    disconnectedCallback() {
      this.#running?.abort();
    }

    attributeChangedCallback(_, before, after) {
      if (this.isConnected && this.#parts.log && before !== after && !this.#running) this.#build(true);
    }

    // ------------------------------------------------------------ for the host page

    /** Opens the panel (with a floating button), and puts the focus into its field. */
    open() {
      if (this.#parts.dialog && !this.#parts.dialog.open) this.#parts.dialog.showModal();
      this.#parts.field.focus();
      this.#toEnd();
    }

    close() {
      this.#parts.dialog?.close();
    }

    /** Asks as if typed. */
    ask(question) {
      return this.#ask(question);
    }

    // ------------------------------------------------------------ settings

    get #endpoint() {
      return (this.getAttribute("endpoint") || HOME).replace(/\/+$/, "");
    }

    get #language() {
      const wished = this.getAttribute("language") || this.closest("[lang]")?.lang || navigator.language || "en";
      return wished.toLowerCase().startsWith("fr") ? "fr" : "en";
    }

    get #t() {
      return TEXTS[this.#language];
    }

    get #suggestions() {
      const given = this.getAttribute("suggestions") || "";
      return given.split(given.includes("\n") ? "\n" : "|").map((text) => text.trim()).filter(Boolean);
    }

    get #inline() {
      return this.getAttribute("mode") === "inline";
    }

    // ------------------------------------------------------------ what is kept across pages

    get #place() {
      return `brain-assistant ${this.#endpoint} ${this.getAttribute("site-key") || ""}`;
    }

    #kept() {
      try {
        return JSON.parse(sessionStorage.getItem(this.#place)) || [];
      } catch {
        return []; // not allowed here, or written by something else
      }
    }

    #keep() {
      try {
        const last = this.#exchanges.slice(-MOST_KEPT).map(({ question, body, answer, failed }) => ({ question, body, answer, failed }));
        sessionStorage.setItem(this.#place, JSON.stringify(last));
      } catch {
        // Full or not allowed: the conversation lives on this page only.
      }
    }

    // ------------------------------------------------------------ the service

    /** Not before there is an answer: a page on which nobody asks sends nothing. */
    async #features() {
      if (this.#feedback !== null) return;
      this.#feedback = false;
      try {
        const found = await (await fetch(`${this.#endpoint}/widget/features`, { credentials: "omit" })).json();
        this.#feedback = found.feedback === true;
      } catch {
        this.#feedback = null; // another answer tries again
      }
      if (this.#feedback) this.shadowRoot.querySelectorAll(".thumb").forEach((thumb) => (thumb.hidden = false));
    }

    async #headers(again = false) {
      const site = this.getAttribute("site-key");
      if (!site) return {};
      if (again || !this.#token || this.#token.until < Date.now()) {
        const response = await fetch(`${this.#endpoint}/v1/widget/token`, {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: JSON.stringify({ site_key: site }),
          credentials: "omit",
          cache: "no-store",
        });
        if (!response.ok) throw await problemOf(response);
        const { token, expires_in: seconds } = await response.json();
        this.#token = { value: token, until: Date.now() + Math.max(0, seconds - 20) * 1000 };
      }
      return { Authorization: `Bearer ${this.#token.value}` };
    }

    /** Sends with a token; once more with a new one where the service refuses it. */
    async #authorized(send) {
      const headers = await this.#headers();
      try {
        return await send(headers);
      } catch (error) {
        if (!(error instanceof Problem && error.status === 401 && headers.Authorization)) throw error;
        return send(await this.#headers(true));
      }
    }

    // ------------------------------------------------------------ asking

    async #ask(text, body = null) {
      const question = text.trim();
      if (!question || this.#running) return;
      const exchange = { question, body: body || { question, turns: turnsOf(this.#exchanges) } };
      this.#exchanges.push(exchange);
      this.#keep(); // the page may be left before the answer comes
      this.#parts.welcome?.remove();
      exchange.node = this.#exchangeNode(exchange);
      this.#parts.log.append(exchange.node);
      await this.#run(exchange);
    }

    async #run(exchange) {
      const given = exchange.node.querySelector(".given");
      let shown;
      const text = el("div", { class: "text" });
      const waits = el("p", { class: "waits" }, this.#t.searching);
      const found = el("div", {});
      given.replaceChildren(this.#who(this.#t.answer), text, waits, found);
      given.setAttribute("aria-busy", "true");
      this.#say(this.#t.searching);
      this.#running = new AbortController();
      this.#buttons();
      this.#scrolled = null;
      this.#follow(exchange);
      const { signal } = this.#running;
      const on = {
        start: (partial) => {
          if (given.contains(this.shadowRoot.activeElement)) this.#parts.field.focus(); // what had the focus goes away
          given.querySelector(".card")?.remove();
          text.replaceChildren();
          found.replaceChildren();
          waits.textContent = this.#t.searching;
          shown = partial;
        },
        passages: ({ passages }) => {
          waits.textContent = this.#t.writing;
          found.replaceChildren(...this.#links(this.#t.found, passages));
          this.#follow(exchange);
        },
        sentence: (sentence) => {
          waits.textContent = this.#t.writing;
          if (shown.sentences.length > 1) text.append(" ");
          text.append(...this.#sentenceNodes(sentence, given, shown));
          this.#follow(exchange);
        },
        lost: () => {
          waits.textContent = this.#t.resuming;
          this.#say(this.#t.resuming);
        },
      };
      try {
        exchange.answer = await this.#authorized((headers) =>
          ask(this.#endpoint, headers, exchange.body, on, signal),
        );
        exchange.failed = null;
        this.#show(exchange, given);
        this.#say(this.#spoken(exchange.answer));
      } catch (error) {
        waits.remove();
        // A token may have been refused, before anything was asked.
        const sentences = shown?.sentences || [];
        exchange.failed = { words: this.#wordsFor(error, sentences.length, signal.aborted), sentences };
        given.append(...this.#failure(exchange));
        this.#say(exchange.failed.words);
      } finally {
        given.removeAttribute("aria-busy");
        this.#running = null;
        this.#buttons();
        this.#keep();
        this.#follow(exchange);
      }
    }

    #wordsFor(error, sentences, stopped) {
      if (stopped) return this.#t.stopped;
      if (sentences) return this.#t.broken;
      if (error instanceof Problem) return wordsOf(error, this.#language);
      return this.#t.away;
    }

    /** What a screen reader says once the answer is there. */
    #spoken(answer) {
      const sentences = answer.sentences.map((sentence) => plain(sentence.text));
      return [answer.message, ...sentences, sentences.length && this.#t.done].filter(Boolean).join(" ");
    }

    #again(exchange) {
      if (this.#running) return;
      this.#parts.field.focus();
      this.#run(exchange);
    }

    #fresh() {
      this.#running?.abort();
      this.#exchanges = [];
      this.#keep();
      this.#build(true);
      this.#parts.field.focus();
    }

    async #rate(answer, up, pressed, others) {
      const send = async (headers) => {
        const response = await fetch(`${this.#endpoint}/v1/feedback`, {
          method: "POST",
          headers: { "Content-Type": "application/json", ...headers },
          body: JSON.stringify({ answer_id: answer.id, thumbs: up ? "up" : "down" }),
          credentials: "omit",
        });
        if (!response.ok) throw await problemOf(response);
      };
      try {
        await this.#authorized(send);
        others.forEach((thumb) => thumb.setAttribute("aria-pressed", String(thumb === pressed)));
        this.#say(this.#t.thanks);
      } catch {
        this.#say(this.#t.failed);
      }
    }

    #person(answer = null) {
      const last = this.#exchanges.at(-1);
      const detail = {
        question: last?.question ?? "",
        answer_id: answer?.id ?? last?.answer?.id ?? null,
        status: last?.answer?.status ?? null,
        reason: last?.answer?.reason ?? null,
        turns: turnsOf(this.#exchanges),
      };
      const event = new CustomEvent("talk-to-person", { detail, bubbles: true, composed: true, cancelable: true });
      if (!this.dispatchEvent(event)) {
        this.close(); // the host page takes over
        return;
      }
      const way = this.#contact || this.getAttribute("person");
      const link = safeLink(way, ["http:", "https:", "mailto:", "tel:"]);
      const said = way
        ? el("p", {}, `${this.#t.contact} : `, link ? el("a", { href: link, target: "_blank", rel: "noopener" }, way) : way)
        : el("p", { class: "note" }, this.#t.nobody);
      this.#parts.log.append(el("div", { class: "given" }, said));
      this.#say(said.textContent);
      this.#toEnd();
    }

    // ------------------------------------------------------------ building

    #build(keepOpen = false) {
      const wasOpen = keepOpen && this.#parts.dialog?.open;
      const t = this.#t;
      const title = el("h2", { id: `${this.#id}-title` }, this.getAttribute("title") || t.title);
      const tool = (name, label, action, more = {}) =>
        el("button", { type: "button", class: "tool", "aria-label": label, title: label, onclick: action, ...more }, icon(ICONS[name]));
      const field = el("textarea", {
        id: `${this.#id}-field`,
        rows: 1,
        maxlength: 4000,
        placeholder: t.ask,
        autocomplete: "off",
        onkeydown: (event) => {
          if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
            event.preventDefault();
            this.#submit();
          }
        },
      });
      const send = el("button", { type: "submit", class: "send" });
      const form = el(
        "form",
        {
          onsubmit: (event) => {
            event.preventDefault();
            if (this.#running) this.#running.abort();
            else this.#submit();
          },
        },
        el("label", { class: "out", for: field.id }, t.ask),
        field,
        send,
      );
      const log = el("div", { class: "log", tabindex: 0, role: "group", "aria-labelledby": title.id });
      const status = el("div", { class: "out", role: "status", "aria-live": "polite" });
      const header = el(
        "header",
        {},
        title,
        tool("fresh", t.fresh, () => this.#fresh()),
        !this.#inline && tool("close", t.close, () => this.close()),
      );
      const person = el("button", { type: "button", class: "pick", onclick: () => this.#person() }, t.person);
      const foot = el("div", { class: "foot", hidden: !this.hasAttribute("person") }, person);
      // An empty `title` keeps the component's own from showing as a tooltip everywhere.
      const panel = el("section", { class: "panel", title: "", lang: this.#language, "aria-labelledby": title.id }, header, log, status, foot, form);
      this.#parts = { field, send, log, status, foot };
      if (this.#inline) this.shadowRoot.replaceChildren(panel);
      else {
        const dialog = el("dialog", { "aria-labelledby": title.id, id: `${this.#id}-dialog` }, panel);
        // Pressed outside, not only let go there: who selects text may end up outside.
        dialog.addEventListener("mousedown", (event) => {
          if (event.target !== dialog) return;
          event.preventDefault(); // the focus goes back to the button
          dialog.close();
        });
        const launch = el(
          "button",
          { type: "button", class: "launch", title: "", lang: this.#language, "aria-haspopup": "dialog", onclick: () => this.open() },
          icon(ICONS.chat),
          t.open,
        );
        dialog.addEventListener("close", () => launch.focus());
        this.#parts.dialog = dialog;
        this.shadowRoot.replaceChildren(launch, dialog);
        if (wasOpen) dialog.showModal();
      }
      this.#buttons();
      this.#welcome();
      for (const exchange of this.#exchanges) {
        exchange.node = this.#exchangeNode(exchange);
        log.append(exchange.node);
        this.#restore(exchange);
      }
      this.#toEnd();
    }

    #submit() {
      const { field } = this.#parts;
      if (this.#running || !field.value.trim()) return;
      const text = field.value;
      field.value = "";
      this.#ask(text);
    }

    #buttons() {
      const { send } = this.#parts;
      const label = this.#running ? this.#t.stop : this.#t.send;
      send.setAttribute("aria-label", label);
      send.title = label;
      send.replaceChildren(icon(this.#running ? ICONS.stop : ICONS.send));
    }

    #welcome() {
      if (this.#exchanges.length || !this.#suggestions.length) return;
      const picks = this.#suggestions.map((text) => el("button", { type: "button", class: "pick", onclick: () => this.#pick(text) }, text));
      this.#parts.welcome = el("div", {}, el("h3", {}, this.#t.suggestions), el("div", { class: "row" }, ...picks));
      this.#parts.log.append(this.#parts.welcome);
    }

    #pick(text, body = null) {
      if (this.#running) return;
      this.#parts.field.focus(); // the button goes away
      this.#ask(text, body);
    }

    #who(name) {
      return el("p", { class: "who" }, name);
    }

    #exchangeNode({ question }) {
      return el(
        "div",
        {},
        el("div", { class: "asked" }, el("p", { class: "out" }, this.#t.you), el("p", {}, question)),
        el("div", { class: "given" }),
      );
    }

    /** An exchange of an earlier page. */
    #restore(exchange) {
      const given = exchange.node.querySelector(".given");
      if (exchange.answer) this.#show(exchange, given);
      else {
        const sentences = exchange.failed?.sentences || [];
        const shown = { sources: [] };
        const text = el("div", { class: "text" });
        for (const sentence of sentences) text.append(...this.#sentenceNodes(sentence, given, shown), " ");
        exchange.failed ||= { words: this.#t.broken, sentences: [] }; // the page was left before the answer came
        given.replaceChildren(this.#who(this.#t.answer), text, ...this.#failure(exchange));
      }
    }

    #failure(exchange) {
      const retry = el("button", { type: "button", class: "pick", onclick: () => this.#again(exchange) }, this.#t.retry);
      return [el("p", { class: "warn" }, exchange.failed.words), el("div", { class: "row" }, retry)];
    }

    #sentenceNodes(sentence, given, shown) {
      const unsure = sentence.supported === false;
      const said = el("span", { class: unsure ? "unsure" : null }, ...nodesOf(sentence.text, sentence.cells));
      const cites = byNumber(sentence.citations).map(([number, citations]) => {
        const cite = el("button", { type: "button", class: "cite", "aria-expanded": "false" }, String(number));
        cite.setAttribute("aria-label", this.#t.source(number, titleOf(citations[0], shown) || this.#t.passage));
        cite.addEventListener("click", () => this.#toggle(cite, number, citations, given, shown));
        return cite;
      });
      return [said, unsure && el("span", { class: "warn" }, ` (${this.#t.unsupported})`), " ", ...cites].filter(Boolean);
    }

    /** The whole answer in the place of what was streamed. */
    #show(exchange, given) {
      const { answer } = exchange;
      const t = this.#t;
      const text = el("div", { class: "text", lang: answer.language !== "und" && answer.language });
      answer.sentences.forEach((sentence, i) => text.append(i ? " " : "", ...this.#sentenceNodes(sentence, given, answer)));
      this.#contact = answer.contact || this.#contact;
      const offer = answer.status === "refused" && answer.reason !== "small_talk" && (answer.contact || this.hasAttribute("person"));
      if (offer) this.#parts.foot.hidden = false;
      if (answer.sentences.length) this.#features();
      const cites = () => [...given.querySelectorAll(".cite")];
      const focused = cites().indexOf(this.shadowRoot.activeElement);
      const opened = cites().findIndex((cite) => cite.getAttribute("aria-expanded") === "true");
      given.replaceChildren(
        ...[
          this.#who(t.answer),
          answer.message && el("p", { class: answer.sentences.length ? "note" : null }, answer.message),
          answer.sentences.length && text,
          ...this.#choices(exchange),
          ...this.#sources(answer),
          ...this.#links(t.closest, answer.closest),
          answer.sentences.length && this.#tools(answer),
        ].filter(Boolean),
      );
      // What the reader opened while the answer came stays open.
      if (opened >= 0) cites()[opened]?.click();
      else if (focused >= 0) cites()[focused]?.focus();
    }

    #choices({ answer, body, question }) {
      return (answer.choices || []).flatMap((choice) => {
        const ask = (option) =>
          this.#pick(`${question} (${option.label})`, { ...body, tags: [...(body.tags || []), option.tag] });
        const picks = choice.options.map((option) => el("button", { type: "button", class: "pick", onclick: () => ask(option) }, option.label));
        const more = choice.total - choice.options.length;
        return [
          el("h3", {}, choice.label),
          el("div", { class: "row" }, ...picks, more > 0 && el("span", { class: "note" }, this.#t.more(more))),
        ];
      });
    }

    #sources(answer) {
      if (!answer.sources.length) return [];
      const items = answer.sources.map((source) => {
        const dated = answer.reason === "conflicting" && source.updated_at;
        const notes = [dated && this.#t.updated(dayOf(source.updated_at, this.#language)), source.newer && this.#t.newest].filter(Boolean);
        return el("li", { value: source.number }, this.#link(source), notes.length ? ` (${notes.join(", ")})` : "");
      });
      return [el("h3", {}, this.#t.sources), el("ol", {}, ...items)];
    }

    /** The first pages of what was found. */
    #links(title, found) {
      const first = (page, at) => found.findIndex((other) => other.document_id === page.document_id) === at;
      const pages = found.filter(first).slice(0, MOST_PAGES);
      return pages.length ? [el("h3", {}, title), el("ul", {}, ...pages.map((page) => el("li", {}, this.#link(page))))] : [];
    }

    #link({ title, url }, text = title) {
      const address = safeLink(url);
      return address ? el("a", { href: address, target: "_blank", rel: "noopener" }, text) : text;
    }

    #tools(answer) {
      const t = this.#t;
      const make = (name, label, more = {}) =>
        el("button", { type: "button", class: "tool", "aria-label": label, title: label, ...more }, icon(ICONS[name]));
      const copy = make("copy", t.copy);
      copy.addEventListener("click", async () => this.#say((await toClipboard(asText(answer, t), this.#parts.log)) ? t.copied : t.notCopied, copy));
      const thumbs = ["up", "down"].map((name) => make(name, t[name], { class: "tool thumb", "aria-pressed": "false", hidden: !this.#feedback }));
      thumbs.forEach((thumb, i) => thumb.addEventListener("click", () => this.#rate(answer, i === 0, thumb, thumbs)));
      return el("div", { class: "row" }, copy, ...thumbs);
    }

    /** The card of a source: what was quoted, highlighted in what stands around it. */
    #toggle(cite, number, citations, given, shown) {
      const wasOpen = cite.getAttribute("aria-expanded") === "true";
      given.querySelector(".card")?.remove();
      given.querySelectorAll(".cite").forEach((other) => {
        other.setAttribute("aria-expanded", "false");
        other.removeAttribute("aria-controls");
      });
      if (wasOpen) return;
      const source = shown.sources.find((candidate) => candidate.number === number);
      const card = this.#card(number, source, passagesOf(citations, shown), () => {
        this.#toggle(cite, number, citations, given, shown);
        cite.focus();
      });
      cite.setAttribute("aria-expanded", "true");
      cite.setAttribute("aria-controls", card.id);
      cite.closest(".text").after(card);
      for (const quote of card.querySelectorAll("blockquote")) quote.scrollTop = quote.querySelector("mark").offsetTop - quote.offsetTop - 30;
      card.scrollIntoView({ block: "nearest" });
      card.focus();
    }

    #card(number, source, passages, close) {
      const t = this.#t;
      const address = linkTo(source?.url, passages[0].quote);
      const headings = (passages[0].headings.length ? passages[0].headings : source?.heading_path || []).filter((heading) => heading !== source?.title);
      const facts = [headings.join(" › "), source?.updated_at && t.updated(dayOf(source.updated_at, this.#language))];
      const title = el("h3", { id: `${this.#id}-card-title` }, source?.title || t.source(number, t.passage));
      return el(
        "div",
        {
          class: "card",
          id: `${this.#id}-card`,
          role: "group",
          tabindex: -1,
          "aria-labelledby": title.id,
          onkeydown: (event) => {
            if (event.key !== "Escape") return;
            event.preventDefault(); // not the dialog as well
            event.stopPropagation();
            close();
          },
        },
        el("div", { class: "top" }, title, el("button", { type: "button", "aria-label": t.close, title: t.close, onclick: close }, icon(ICONS.close))),
        el("p", { class: "note" }, facts.filter(Boolean).join(" · ")),
        ...passages.map(({ text, spans }) => el("blockquote", { tabindex: 0 }, ...highlighted(text, spans, AROUND))),
        address && el("a", { href: address, target: "_blank", rel: "noopener" }, t.read),
      );
    }

    #say(text, beside = null) {
      this.#parts.status.textContent = text;
      if (!beside) return;
      const seen = el("span", { class: "note", "aria-hidden": "true" }, text);
      beside.after(seen);
      setTimeout(() => seen.remove(), 2500);
    }

    /** Keeps the question in sight, at the top where the answer is long; not against a reader who scrolls. */
    #follow({ node }) {
      const { log } = this.#parts;
      if (this.#scrolled !== null && Math.abs(log.scrollTop - this.#scrolled) > 4) return;
      log.scrollTop = node.offsetTop;
      this.#scrolled = log.scrollTop;
    }

    #toEnd() {
      this.#parts.log.scrollTop = this.#parts.log.scrollHeight;
    }
  }

  if (!customElements.get("brain-assistant")) customElements.define("brain-assistant", BrainAssistant);
})();
