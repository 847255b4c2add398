/* What the pages behind a key share: the key itself, the language, requests, small drawings. Elements are made by brain-assistant.js. */
window.desk = (() => {
  "use strict";

  const { el, safeLink } = customElements.get("brain-assistant").parts;
  const SVG = "http://www.w3.org/2000/svg";
  const KEPT = { key: "brain-console key", language: "brain-console language" };

  const COMMON = {
    fr: {
      other: "English",
      forget: "Oublier la clé",
      console: "Console",
      insights: "Tendances",
      review: "Cas à valider",
      pages: "Pages",
      key: "Clé d'API",
      keywhy: "Cette page demande une clé qui a le droit « eval » ou « admin ». Elle reste dans cet onglet et disparaît avec lui.",
      keywrong: "Cette clé n'est pas valable. Donnez-en une autre.",
      forbidden: "Cette clé n'a pas le droit « eval » ni « admin ». Donnez-en une autre.",
      keep: "Continuer",
      cancel: "Annuler",
      away: "Le service est injoignable.",
      failed: "Le service n'a pas pu répondre.",
      loading: "Chargement…",
      gone: "Cela n'existe plus : rechargez la page.",
      keys: "Raccourcis clavier",
      close: "Fermer",
      status: { answered: "répondu", refused: "sans réponse", needs_clarification: "à préciser", degraded: "dégradé", disliked: "pas utile" },
      reason: {
        no_evidence: "rien trouvé",
        insufficient_evidence: "pas assez d'éléments",
        expired: "article périmé",
        conflicting: "articles contradictoires",
        out_of_scope: "hors du domaine",
        model_failed: "rédaction indisponible",
        model_unsupported: "rédaction sans appui",
        small_talk: "pas une question",
      },
      readers: { public: "public", agent: "conseillers" },
    },
    en: {
      other: "Français",
      forget: "Forget the key",
      console: "Console",
      insights: "Insights",
      review: "Review",
      pages: "Pages",
      key: "API key",
      keywhy: "This page needs a key with the scope “eval” or “admin”. It stays in this tab and goes away with it.",
      keywrong: "This key is not valid. Give another one.",
      forbidden: "This key has neither the scope “eval” nor “admin”. Give another one.",
      keep: "Go on",
      cancel: "Cancel",
      away: "The service can't be reached.",
      failed: "The service could not answer.",
      loading: "Loading…",
      gone: "That is not there any more: load the page again.",
      keys: "Keyboard shortcuts",
      close: "Close",
      status: { answered: "answered", refused: "no answer", needs_clarification: "to be clarified", degraded: "degraded", disliked: "not helpful" },
      reason: {
        no_evidence: "nothing found",
        insufficient_evidence: "not enough to go by",
        expired: "expired article",
        conflicting: "articles contradict each other",
        out_of_scope: "outside the subject",
        model_failed: "writing unavailable",
        model_unsupported: "writing not borne out",
        small_talk: "no question",
      },
      readers: { public: "public", agent: "agents" },
    },
  };

  const at = (id) => document.getElementById(id);

  function kept(store, name) {
    try {
      return store.getItem(name);
    } catch {
      return null;
    }
  }

  function keep(store, name, value) {
    try {
      if (value === null) store.removeItem(name);
      else store.setItem(name, value);
    } catch {
      // Full or not allowed: this page goes on without.
    }
  }

  // ---------------------------------------------------------------- the service

  /** Shows the problem's own words where it has some: they name what to do. */
  class Failure extends Error {
    constructor(status, body = {}) {
      super([body.detail, body.hint, ...(body.errors || []).map(({ field, message }) => `${field}: ${message}`)].filter(Boolean).join(" "));
      Object.assign(this, { status });
    }
  }

  async function send(path, { method = "GET", body = null } = {}) {
    const key = kept(sessionStorage, KEPT.key);
    const headers = { ...(key ? { Authorization: `Bearer ${key}` } : {}), ...(body ? { "Content-Type": "application/json" } : {}) };
    const response = await fetch(path, { method, headers, body: body ? JSON.stringify(body) : null });
    if (!response.ok) throw new Failure(response.status, await response.json().catch(() => ({})));
    return response;
  }

  let asking = null; // the key is asked for once, however many requests wait for it

  function askForKey(status) {
    asking ??= new Promise((resolve) => {
      const box = at("keybox");
      const had = kept(sessionStorage, KEPT.key);
      at("keywhy").textContent = status === 403 ? t.forbidden : had ? t.keywrong : t.keywhy;
      at("key").value = "";
      box.returnValue = "";
      box.showModal();
      box.addEventListener("close", () => resolve(box.returnValue === "given"), { once: true });
    }).finally(() => (asking = null));
    return asking;
  }

  /** The response, as soon as there is a key that it is given for. Throws Failure, or TypeError where the service is away. */
  async function request(path, options) {
    for (;;) {
      const key = kept(sessionStorage, KEPT.key);
      try {
        return await send(path, options);
      } catch (error) {
        if (!(error instanceof Failure && [401, 403].includes(error.status))) throw error;
        if (kept(sessionStorage, KEPT.key) === key && !(await askForKey(error.status))) throw error;
      }
    }
  }

  async function ask(path, options) {
    const response = await request(path, options);
    return response.status === 204 ? null : response.json();
  }

  function wordsFor(error) {
    if (!(error instanceof Failure)) return t.away;
    if (error.status === 404) return t.gone;
    return { 401: t.keywhy, 403: t.forbidden }[error.status] || error.message || t.failed;
  }

  /** Saves what the service sends as a file. */
  async function download(path) {
    const response = await request(path);
    const name = /filename="([^"]+)"/.exec(response.headers.get("Content-Disposition") || "")?.[1] || "brain.csv";
    const address = URL.createObjectURL(await response.blob());
    const link = el("a", { href: address, download: name });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  }

  // ---------------------------------------------------------------- elements

  function button(label, action, more = {}) {
    return el("button", { type: "button", onclick: action, ...more }, label);
  }

  function linkOf(title, url) {
    const address = safeLink(url);
    return address ? el("a", { href: address, target: "_blank", rel: "noopener" }, title) : title;
  }

  function drawn(tag, attributes, ...children) {
    const made = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  }

  /** Bars, one for each value; `said` is what a screen reader reads. */
  function bars(values, said, height = 28) {
    const most = Math.max(1, ...values);
    const wide = values.length > 20 ? 4 : 8;
    const shapes = values.map((value, index) => {
      const high = value ? Math.max(2, (value / most) * height) : 1;
      return drawn("rect", { x: index * wide, y: height - high, width: wide - 1, height: high, class: value ? "full" : "empty" });
    });
    return drawn("svg", { class: "spark", role: "img", "aria-label": said, width: values.length * wide, height, viewBox: `0 0 ${values.length * wide} ${height}` }, ...shapes);
  }

  /** Lines over the same days; `lines`: {class: [values or null]}. */
  function lines(of, said) {
    const all = Object.values(of).flat().filter((value) => value !== null);
    const most = Math.max(1, ...all);
    const count = Math.max(2, ...Object.values(of).map((values) => values.length));
    const shapes = Object.entries(of).map(([name, values]) => {
      const points = values.flatMap((value, index) => (value === null ? [] : [`${((index / (count - 1)) * 600).toFixed(1)},${(118 - (value / most) * 110).toFixed(1)}`]));
      return points.length > 1 ? drawn("polyline", { class: name, points: points.join(" ") }) : drawn("circle", { class: name, cx: points[0]?.split(",")[0] || 0, cy: points[0]?.split(",")[1] || 118, r: 3 });
    });
    return drawn("svg", { class: "lines", role: "img", "aria-label": said, viewBox: "0 0 600 120", preserveAspectRatio: "none" }, ...shapes);
  }

  function say(text) {
    at("status").textContent = text;
  }

  // ---------------------------------------------------------------- language and key

  let language = kept(localStorage, KEPT.language) || ((navigator.language || "").toLowerCase().startsWith("fr") ? "fr" : "en");
  let t = COMMON[language];
  let texts = COMMON;
  let shown = () => {};

  const day = (moment) => new Date(moment).toLocaleDateString(language, { day: "numeric", month: "short", year: "numeric" });
  const number = (value, digits = 0) => Number(value).toLocaleString(language, { maximumFractionDigits: digits });
  const how = (status, reason) => [t.status[status] || status, reason && (t.reason[reason] || reason)].filter(Boolean).join(language === "fr" ? " : " : ": ");
  const reader = (name) => t.readers[name] || name;

  function translate() {
    t = texts[language];
    document.documentElement.lang = language;
    for (const node of document.querySelectorAll("[data-t]")) node.textContent = t[node.dataset.t];
    document.title = `Brain – ${t.title}`;
    at("language").lang = language === "fr" ? "en" : "fr";
    at("forget").hidden = !kept(sessionStorage, KEPT.key);
    const keys = at("shortcuts");
    if (keys) keys.replaceChildren(...Object.entries(t.shortcuts).flatMap(([name, what]) => [el("dt", {}, el("kbd", {}, name)), el("dd", {}, what)]));
    shown();
  }

  /** `own`: the page's texts by language, besides those of all pages; `show` is called at first and in a new language. */
  function start(own, show) {
    texts = Object.fromEntries(Object.entries(COMMON).map(([name, common]) => [name, { ...common, ...own[name] }]));
    shown = show;
    at("language").addEventListener("click", () => {
      language = language === "fr" ? "en" : "fr";
      keep(localStorage, KEPT.language, language);
      translate();
    });
    at("forget").addEventListener("click", () => {
      keep(sessionStorage, KEPT.key, null);
      location.reload();
    });
    at("keyform").addEventListener("submit", (event) => {
      event.preventDefault();
      keep(sessionStorage, KEPT.key, at("key").value.trim());
      at("key").value = "";
      at("forget").hidden = false;
      at("keybox").close("given");
    });
    at("keycancel").addEventListener("click", () => at("keybox").close(""));
    at("keyshelp")?.addEventListener("click", () => at("helpbox").showModal());
    translate();
  }

  return {
    at, ask, bars, button, day, download, el, how, lines, linkOf, number, reader, say, start, wordsFor,
    get t() {
      return t;
    },
    get language() {
      return language;
    },
  };
})();
