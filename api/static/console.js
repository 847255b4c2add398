/* The agents' console: asks, shows the answer beside its sources. What it shows of an answer comes from brain-assistant.js. */
(() => {
  "use strict";

  const { ask, turnsOf, el, plain, nodesOf, safeLink, linkTo, highlighted, byNumber, titleOf, passagesOf, dayOf, toClipboard, asText, Problem, problemOf, wordsOf } =
    customElements.get("brain-assistant").parts;
  const MOST_KEPT = 50; // exchanges in sessionStorage
  const MOST_TAGS = 12; // buttons
  const PASSAGES = 8; // looked up beside an answer

  const TEXTS = {
    fr: {
      other: "English",
      fresh: "Nouvelle conversation",
      give: "Donner une clé",
      forget: "Oublier la clé",
      help: "Raccourcis clavier",
      ask: "Question du client",
      send: "Demander",
      stop: "Arrêter",
      history: "Cette session",
      kept: "Conversations gardées",
      older: "Plus anciennes",
      remove: (title) => `Supprimer : ${title}`,
      sure: (title) => `Supprimer la conversation « ${title} » ?`,
      gone: "Cette réponse cite un article que vous ne pouvez plus lire.",
      sources: "Sources",
      noSources: "Les sources de la réponse s'affichent ici.",
      found: "Passages trouvés",
      others: "Autres passages trouvés",
      closest: "Pages les plus proches",
      filters: "Filtres",
      searching: "Recherche en cours…",
      writing: "Rédaction de la réponse…",
      resuming: "Connexion perdue, nouvel essai…",
      copy: "Copier pour le client",
      internal: "S'appuie sur un article interne : à ne pas transmettre tel quel.",
      copied: "Copié.",
      notCopied: "Copie impossible.",
      source: (n, title) => `Source ${n} : ${title}`,
      passage: "Passage cité",
      read: "Ouvrir l'article à ce passage",
      updated: (day) => `mis à jour le ${day}`,
      undated: "sans date",
      newest: "le plus récent",
      unsupported: "à vérifier",
      time: (first, all) => (first === null ? `${all} ms` : `première phrase ${first} ms, réponse complète ${all} ms`),
      retry: "Réessayer",
      away: "Le service est injoignable.",
      broken: "Réponse incomplète : la connexion a été coupée.",
      stopped: "Réponse incomplète : vous l'avez arrêtée.",
      failed: "Le service n'a pas pu répondre.",
      up: "Utile",
      down: "Pas utile",
      why: "Pourquoi ?",
      reasons: { wrong: "Fausse", incomplete: "Incomplète", outdated: "Périmée", irrelevant: "À côté de la question", unclear: "Peu claire", other: "Autre" },
      comment: "Commentaire (facultatif)",
      correction: "Ce qu'il fallait répondre (facultatif)",
      submit: "Envoyer l'avis",
      thanks: "Merci, l'avis est enregistré.",
      contact: "Contact",
      more: (n) => `et ${n} autres`,
      close: "Fermer",
      key: "Clé d'API",
      keywhy: "Le service demande une clé. Elle reste dans cet onglet et disparaît avec lui ; vos conversations restent gardées par le service.",
      forbidden: "Votre clé ne permet pas de poser de questions.",
      keywrong: "Cette clé n'est pas valable. Donnez-en une autre.",
      keep: "Continuer",
      keyson: "Raccourcis d'une touche actifs",
      status: { answered: "Répondu", refused: "Sans réponse", needs_clarification: "À préciser", degraded: "Réponse dégradée" },
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
      keys: {
        "/": "aller à la question",
        "Entrée": "envoyer (Maj + Entrée : à la ligne)",
        "Échap": "quitter le champ ; arrêter la réponse",
        "1 … 9": "ouvrir la source",
        c: "copier pour le client",
        n: "nouvelle conversation",
        "+ / -": "utile / pas utile",
        "?": "cette aide",
      },
    },
    en: {
      other: "Français",
      fresh: "New conversation",
      give: "Give a key",
      forget: "Forget the key",
      help: "Keyboard shortcuts",
      ask: "The customer's question",
      send: "Ask",
      stop: "Stop",
      history: "This session",
      kept: "Kept conversations",
      older: "Older ones",
      remove: (title) => `Delete: ${title}`,
      sure: (title) => `Delete the conversation "${title}"?`,
      gone: "This answer cites an article that you can't read any more.",
      sources: "Sources",
      noSources: "The answer's sources are shown here.",
      found: "Passages found",
      others: "Other passages found",
      closest: "Closest pages",
      filters: "Filters",
      searching: "Searching…",
      writing: "Writing the answer…",
      resuming: "Connection lost, trying again…",
      copy: "Copy for the customer",
      internal: "Rests on an internal article: not to be passed on as it is.",
      copied: "Copied.",
      notCopied: "Could not copy.",
      source: (n, title) => `Source ${n}: ${title}`,
      passage: "Cited passage",
      read: "Open the article at this passage",
      updated: (day) => `updated on ${day}`,
      undated: "no date",
      newest: "the most recent",
      unsupported: "to be checked",
      time: (first, all) => (first === null ? `${all} ms` : `first sentence ${first} ms, whole answer ${all} ms`),
      retry: "Try again",
      away: "The service can't be reached.",
      broken: "Incomplete answer: the connection was lost.",
      stopped: "Incomplete answer: you stopped it.",
      failed: "The service could not answer.",
      up: "Helpful",
      down: "Not helpful",
      why: "Why?",
      reasons: { wrong: "Wrong", incomplete: "Incomplete", outdated: "Outdated", irrelevant: "Beside the question", unclear: "Unclear", other: "Other" },
      comment: "Comment (optional)",
      correction: "What the answer should have been (optional)",
      submit: "Send the opinion",
      thanks: "Thank you, the opinion is recorded.",
      contact: "Contact",
      more: (n) => `and ${n} more`,
      close: "Close",
      key: "API key",
      keywhy: "The service asks for a key. It stays in this tab and goes away with it; the service keeps your conversations.",
      forbidden: "Your key is not good for asking questions.",
      keywrong: "This key is not valid. Give another one.",
      keep: "Go on",
      keyson: "One-key shortcuts are on",
      status: { answered: "Answered", refused: "No answer", needs_clarification: "To be clarified", degraded: "Degraded answer" },
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
      keys: {
        "/": "go to the question",
        Enter: "send (Shift + Enter: new line)",
        Esc: "leave the field; stop the answer",
        "1 … 9": "open the source",
        c: "copy for the customer",
        n: "new conversation",
        "+ / -": "helpful / not helpful",
        "?": "this help",
      },
    },
  };

  // ---------------------------------------------------------------- state

  const KEPT = { key: "brain-console key", session: "brain-console session", language: "brain-console language", keys: "brain-console shortcuts" };
  const at = (id) => document.getElementById(id);
  const kept = (store, name) => {
    try {
      return store.getItem(name);
    } catch {
      return null;
    }
  };
  const keep = (store, name, value) => {
    try {
      if (value === null) store.removeItem(name);
      else store.setItem(name, value);
    } catch {
      // Full or not allowed: this page goes on without.
    }
  };

  let language = kept(localStorage, KEPT.language) || ((navigator.language || "").toLowerCase().startsWith("fr") ? "fr" : "en");
  let t = TEXTS[language];
  let { exchanges, conversation, stored } = session(); // stored: ids of the conversations that the service keeps, by number
  let tags = [];
  let selected = exchanges.at(-1) || null;
  let running = null; // AbortController
  let opened = null; // {number, citations}: the source that was opened, and the quotes of one sentence only or null for all
  let feedback = false;
  const articles = new WeakMap(); // the element of each exchange that is shown

  function session() {
    try {
      const found = JSON.parse(kept(sessionStorage, KEPT.session));
      if (Array.isArray(found?.exchanges)) return { stored: {}, ...found };
    } catch {
      // Written by something else.
    }
    return { exchanges: [], conversation: 1, stored: {} };
  }

  function keepSession() {
    exchanges = exchanges.slice(-MOST_KEPT);
    keep(sessionStorage, KEPT.session, JSON.stringify({ exchanges, conversation, stored }));
  }

  function choose(exchange) {
    selected = exchange;
    opened = null;
  }

  const ofConversation = () => exchanges.filter((exchange) => exchange.conversation === conversation);

  // ---------------------------------------------------------------- the service

  const hasKey = () => Boolean(kept(sessionStorage, KEPT.key));

  function headers() {
    return hasKey() ? { Authorization: `Bearer ${kept(sessionStorage, KEPT.key)}` } : {};
  }

  async function request(method, path, body) {
    const json = body && { "Content-Type": "application/json" };
    const response = await fetch(path, { method, headers: { ...json, ...headers() }, body: body && JSON.stringify(body), cache: "no-store" });
    if (!response.ok) throw await problemOf(response);
    return response.status === 204 ? null : response.json();
  }

  const post = (path, body) => request("POST", path, body);

  /** Asks for a key until one is given; false where the agent closes the dialog. */
  function askForKey(wrong) {
    const box = at("keybox");
    at("keywhy").textContent = wrong ? t.keywrong : t.keywhy;
    at("key").value = "";
    box.returnValue = "";
    box.showModal();
    return new Promise((resolve) => box.addEventListener("close", () => resolve(box.returnValue === "given"), { once: true }));
  }

  async function withKey(send) {
    for (;;) {
      try {
        return await send();
      } catch (error) {
        if (!(error instanceof Problem && error.status === 401)) throw error;
        if (!(await askForKey(Boolean(kept(sessionStorage, KEPT.key))))) throw error;
      }
    }
  }

  async function run(exchange) {
    running = new AbortController();
    const { signal } = running;
    let first = null;
    let start = performance.now();
    const since = () => Math.round(performance.now() - start);
    Object.assign(exchange, { answer: null, failed: null, lost: false, partial: null, found: null });
    choose(exchange);
    keepSession(); // the page may be left before the answer comes
    show();
    say(t.searching);
    const on = {
      start: (partial) => {
        const anew = exchange.partial;
        Object.assign(exchange, { partial, found: null });
        if (anew) show();
      },
      passages: ({ passages }) => {
        exchange.found = { passages, facets: [] };
        showWaits(exchange);
        showFound();
      },
      sentence: (sentence) => {
        first ??= since();
        showWaits(exchange);
        showRunning(exchange, sentence);
      },
      citation: (source) => showSource(exchange, source),
      lost: () => showWaits(exchange, true),
    };
    const send = () => {
      start = performance.now(); // without the time for typing a key
      return asked(exchange, on, signal);
    };
    try {
      exchange.answer = await withKey(send);
      exchange.ms = [first, since()];
      exchange.partial = null;
      say([exchange.answer.message, ...exchange.answer.sentences.map((sentence) => plain(sentence.text))].filter(Boolean).join(" "));
    } catch (error) {
      exchange.failed = wordsFor(error, exchange.partial?.sentences.length, signal.aborted);
      say(exchange.failed);
    } finally {
      running = null;
      keepSession();
      show();
      listKept();
    }
    if (exchange.answer && exchange.answer.reason !== "small_talk" && !exchange.found) await lookAround(exchange);
  }

  /** Within a conversation that the service keeps, where there is a key to keep it for. */
  async function asked(exchange, on, signal) {
    const { turns, ...question } = exchange.body;
    const number = exchange.conversation;
    // One that began without being kept goes on so.
    if (!hasKey() || (turns.length && !stored[number])) return ask("", headers(), exchange.body, on, signal);
    stored[number] ??= (await post("/v1/conversations", {})).id;
    try {
      return await ask("", headers(), { ...question, conversation_id: stored[number] }, on, signal);
    } catch (error) {
      if (!(error instanceof Problem && error.status === 404)) throw error;
      delete stored[number]; // too old, or deleted elsewhere
      return ask("", headers(), exchange.body, on, signal);
    }
  }

  function wordsFor(error, some, stopped) {
    if (stopped) return t.stopped;
    if (some) return t.broken;
    if (error instanceof Problem) return { 401: t.keywhy, 403: t.forbidden }[error.status] || wordsOf(error, language);
    return t.away;
  }

  /** Passages, facets and tags beside an answer that was not written from any, and only where the key may search. */
  async function lookAround(exchange) {
    const { question, tags: asked } = exchange.body;
    try {
      const { passages, facets } = await post("/v1/search", { question, tags: asked || [], limit: PASSAGES, per_document: 2 });
      exchange.found = { passages, facets };
      keepSession();
      if (selected === exchange) showFound();
    } catch {
      // The answer is whole without them.
    }
  }

  function submit(question, more = {}) {
    if (running || !question.trim()) return;
    const body = { question: question.trim(), turns: turnsOf(ofConversation()), tags: [...tags], ...more };
    const exchange = { question: more.shown || body.question, body, conversation, at: Date.now() };
    delete body.shown;
    exchanges.push(exchange);
    run(exchange);
  }

  function again(exchange) {
    if (!running) run(exchange);
  }

  // ---------------------------------------------------------------- what is shown

  function say(text) {
    at("status").textContent = text;
  }

  function button(label, action, more = {}) {
    return el("button", { type: "button", onclick: action, ...more }, label);
  }

  function show() {
    const all = ofConversation().reverse();
    const held = document.activeElement.closest("#conversation, #history");
    at("conversation").replaceChildren(...all.map(articleOf));
    at("send").textContent = running ? t.stop : t.send;
    showHistory();
    past.show();
    showCited();
    showFound();
    if (held) at("question").focus(); // what had the focus is made anew
  }


  /** What was looked up beside the answer: it comes later, and leaves the open source as it is. */
  function showFound() {
    showFilters();
    showOthers();
  }

  function showRunning(exchange, sentence) {
    articles.get(exchange)?.querySelector(".text").append(...sentenceNodes(sentence, exchange), " ");
  }

  /** A document is cited for the first time: those that are shown stay as they are. */
  function showSource(exchange, source) {
    if (source.number === 1) showCited();
    else at("cited").append(sourceOf(source, exchange.partial));
    showOthers();
  }

  /** What is waited for; or that the connection is lost, and tried again. */
  function showWaits(exchange, lost = false) {
    const before = exchange.lost;
    exchange.lost = lost;
    const note = articles.get(exchange)?.querySelector(".waits");
    if (note) note.textContent = waitsFor(exchange);
    if (before !== lost) say(waitsFor(exchange));
  }

  const waitsFor = ({ lost, found }) => (lost ? t.resuming : found ? t.writing : t.searching);
  const shownOf = (exchange) => exchange?.answer || exchange?.partial;

  function articleOf(exchange) {
    const { answer, question } = exchange;
    const text = el("div", { class: "text", lang: answer && answer.language !== "und" && answer.language });
    for (const sentence of shownOf(exchange)?.sentences || []) text.append(...sentenceNodes(sentence, exchange), " ");
    const isRunning = running && exchange === selected;
    const article = el(
      "article",
      { "aria-current": exchange === selected && "true", "aria-busy": isRunning && "true" },
      el("h2", {}, question),
      answer && statusOf(answer),
      answer?.message && el("p", { class: answer.sentences.length ? "note" : null }, answer.message),
      text,
      !answer && !exchange.failed && el("p", { class: "note waits" }, isRunning ? waitsFor(exchange) : t.broken),
      exchange.failed && el("p", { class: "warn" }, exchange.failed),
      !answer && !isRunning && el("div", { class: "row" }, button(t.retry, () => again(exchange))),
      ...(answer ? choicesOf(exchange) : []),
      ...(answer ? closestOf(answer) : []),
      answer && toolsOf(exchange),
      exchange.ms && el("p", { class: "note" }, t.time(...exchange.ms)),
    );
    articles.set(exchange, article);
    return article;
  }

  function statusOf({ status, reason }) {
    const words = [t.status[status] || status, reason && (t.reason[reason] || reason)].filter(Boolean).join(" : ");
    return el("p", {}, el("span", { class: `badge ${status}` }, words));
  }

  function sentenceNodes(sentence, exchange) {
    const unsure = sentence.supported === false;
    const cites = byNumber(sentence.citations).map(([number, citations]) => {
      const title = titleOf(citations[0], shownOf(exchange)) || t.passage;
      return button(
        String(number),
        (event) => {
          if (selected !== exchange) choose(exchange);
          openSource(number, citations, event.currentTarget);
        },
        { class: "cite", "aria-pressed": "false", "aria-label": t.source(number, title) },
      );
    });
    const said = el("span", { class: unsure ? "unsure" : null, title: unsure ? sentence.problems.join(" ; ") : null }, ...nodesOf(sentence.text, sentence.cells));
    return [said, unsure && el("span", { class: "warn" }, ` (${t.unsupported})`), " ", ...cites].filter(Boolean);
  }

  function choicesOf(exchange) {
    return (exchange.answer.choices || []).flatMap((choice) => {
      const picks = choice.options.map((option) =>
        button(option.label, () => pick(exchange, option), { title: option.tag }),
      );
      const more = choice.total - choice.options.length;
      return [el("h3", {}, choice.label), el("div", { class: "row" }, ...picks, more > 0 && el("span", { class: "note" }, t.more(more)))];
    });
  }

  function pick(exchange, option) {
    if (running) return;
    tags = [...new Set([...(exchange.body.tags || []), option.tag])];
    submit(exchange.body.question, { tags: [...tags], turns: exchange.body.turns, shown: `${exchange.body.question} (${option.label})` });
    at("question").focus();
  }

  function linkOf({ title, url }) {
    const address = safeLink(url);
    return address ? el("a", { href: address, target: "_blank", rel: "noopener" }, title) : title;
  }

  function closestOf({ closest, contact }) {
    const link = safeLink(contact, ["http:", "https:", "mailto:", "tel:"]);
    return [
      ...(closest.length ? [el("h3", {}, t.closest), el("ul", {}, ...closest.map((page) => el("li", {}, linkOf(page))))] : []),
      ...(contact ? [el("p", { class: "note" }, `${t.contact} : `, link ? el("a", { href: link }, contact) : contact)] : []),
    ];
  }

  function toolsOf(exchange) {
    const { answer } = exchange;
    if (!answer.sentences.length && !feedback) return null;
    const row = el("div", { class: "row" });
    if (isInternal(answer)) row.append(el("p", { class: "note" }, t.internal));
    else if (answer.sentences.length) row.append(button(t.copy, () => copy(exchange), { class: "copy" }));
    if (feedback && answer.reason !== "small_talk") {
      const pressed = (up) => ({ class: up ? "up" : "down", "aria-pressed": String(exchange.rated === up) });
      row.append(button(t.up, () => rate(exchange, true), pressed(true)), button(t.down, () => openReasons(exchange), pressed(false)));
    }
    return row;
  }

  /** What the public may not read must not reach a customer by one key. */
  const isInternal = (answer) => answer.sources.some((source) => source.internal);

  async function copy(exchange) {
    if (isInternal(exchange.answer)) return say(t.internal);
    say((await toClipboard(asText(exchange.answer, t), document.body)) ? t.copied : t.notCopied);
    const pressed = articles.get(exchange).querySelector(".copy");
    const words = at("status").textContent;
    pressed.textContent = words;
    setTimeout(() => (pressed.textContent = t.copy), 2000);
  }

  // ---------------------------------------------------------------- sources

  function showCited() {
    const answer = shownOf(selected);
    const sources = answer?.sources || [];
    const found = selected?.found?.passages.length;
    holding(at("cited"), sources.length || found ? sources.map((source) => sourceOf(source, answer)) : [el("p", { class: "note" }, t.noSources)]);
  }

  function showOthers() {
    const sentences = shownOf(selected)?.sentences || [];
    const cited = new Set(sentences.flatMap((sentence) => sentence.citations).map((citation) => citation.passage_id));
    const others = (selected?.found?.passages || []).filter((passage) => !cited.has(passage.id));
    const open = new Set([...at("others").querySelectorAll("details[open]")].map((details) => details.dataset.key));
    const nodes = others.map((passage) => otherOf(passage, open.has(passage.id)));
    holding(at("others"), nodes.length ? [el("h2", {}, cited.size ? t.others : t.found), ...nodes] : []);
  }

  /** Puts these into the box; the focus stays with what is shown again. */
  function holding(box, nodes) {
    const held = box.contains(document.activeElement) && document.activeElement.closest("details")?.dataset.key;
    box.replaceChildren(...nodes);
    if (held) box.querySelector(`details[data-key="${held}"] summary`)?.focus({ preventScroll: true });
  }

  /** The first source is open, with all its quotes, where none was opened. */
  function sourceOf(source, answer) {
    const all = answer.sentences.flatMap((sentence) => sentence.citations).filter(({ number }) => number === source.number);
    const isOpen = opened ? opened.number === source.number : source.number === 1 || answer.reason === "conflicting";
    const citations = (opened && isOpen && opened.citations) || all;
    const passages = passagesOf(citations, answer);
    const dated = source.updated_at ? t.updated(dayOf(source.updated_at, language)) : answer.reason === "conflicting" && t.undated;
    const facts = [headingsOf(source, passages), dated, source.newer && t.newest].filter(Boolean).join(" · ");
    const address = linkTo(source.url, citations[0]?.quote);
    return el(
      "details",
      { open: isOpen, "data-key": source.number },
      el("summary", {}, `${source.number}. ${source.title}`),
      facts && el("p", { class: "note" }, facts),
      ...passages.map(({ text, spans }) => el("blockquote", {}, ...highlighted(text, spans))),
      address && el("a", { href: address, target: "_blank", rel: "noopener" }, t.read),
    );
  }

  function headingsOf(source, passages) {
    const headings = passages[0]?.headings.length ? passages[0].headings : source.heading_path;
    return headings.filter((heading) => heading !== source.title).join(" › ");
  }

  /** `open`: it was before. */
  function otherOf(passage, open) {
    const address = linkTo(passage.url, passage.text);
    const heading = passage.heading_path.at(-1);
    return el(
      "details",
      { open, "data-key": passage.id },
      el("summary", {}, heading && heading !== passage.title ? `${passage.title} › ${heading}` : passage.title),
      passage.text && el("blockquote", {}, ...nodesOf(passage.text)),
      address && el("a", { href: address, target: "_blank", rel: "noopener" }, t.read),
    );
  }

  function openSource(number, citations = null, pressed = null) {
    if (!shownOf(selected)) return;
    opened = { number, citations };
    showCited();
    showFound();
    document.querySelectorAll(".cite").forEach((cite) => cite.setAttribute("aria-pressed", String(cite === pressed)));
    document.querySelectorAll("article").forEach((article) => {
      if (article === articles.get(selected)) article.setAttribute("aria-current", "true");
      else article.removeAttribute("aria-current");
    });
    const details = document.querySelector(`#cited details[data-key="${number}"]`);
    if (!details) return;
    details.querySelector("summary").focus({ preventScroll: true });
    (details.querySelector("mark") || details).scrollIntoView({ block: "center" });
  }

  // ---------------------------------------------------------------- filters and history

  function showFilters() {
    const found = selected?.found;
    const facets = (found?.facets || []).flatMap(({ key, values }) =>
      values.slice(0, MOST_TAGS).map(({ value, count }) => ({ tag: `${key}:${value}`, label: `${key} : ${value} (${count})` })),
    );
    const seen = new Set([...tags, ...facets.map(({ tag }) => tag)]);
    const plainTags = [...new Set((found?.passages || []).flatMap((passage) => passage.tags))].filter((tag) => !seen.has(tag)).slice(0, MOST_TAGS);
    const all = [...tags.map((tag) => ({ tag, label: tag })), ...facets.filter(({ tag }) => !tags.includes(tag)), ...plainTags.map((tag) => ({ tag, label: tag }))];
    const picks = all.map(({ tag, label }) => button(label, () => toggle(tag), { "aria-pressed": String(tags.includes(tag)) }));
    const box = at("filters");
    box.setAttribute("aria-label", t.filters);
    box.className = "row";
    box.replaceChildren(...(picks.length ? [el("span", { class: "note" }, t.filters), ...picks] : []));
  }

  /** Narrows the last question, or widens it again. */
  function toggle(tag) {
    if (running) return;
    tags = tags.includes(tag) ? tags.filter((other) => other !== tag) : [...tags, tag];
    if (selected) submit(selected.body.question, { turns: selected.body.turns });
    else showFilters();
    at("question").focus();
  }

  function showHistory() {
    const items = [...exchanges].reverse().map((exchange) =>
      el(
        "li",
        {},
        el(
          "button",
          { type: "button", "aria-current": exchange === selected && "true", onclick: () => goTo(exchange) },
          exchange.question,
          el("span", { class: "note" }, exchange.answer ? t.status[exchange.answer.status] || "" : ""),
        ),
      ),
    );
    at("history").replaceChildren(...items);
  }

  function goTo(exchange) {
    if (running) return;
    conversation = exchange.conversation;
    tags = [...(exchange.body.tags || [])];
    choose(exchange);
    show();
    articles.get(exchange).scrollIntoView({ block: "nearest" });
    at("question").focus();
  }

  const newNumber = () => Math.max(0, ...exchanges.map((exchange) => exchange.conversation), ...Object.keys(stored).map(Number)) + 1;

  function fresh() {
    running?.abort();
    conversation = newNumber();
    tags = [];
    choose(null);
    keepSession();
    show();
    at("question").focus();
  }

  // ---------------------------------------------------------------- conversations that the service keeps

  const numberOf = (id) => Number(Object.keys(stored).find((number) => stored[number] === id));
  const past = window.past({
    request,
    box: at("kept"),
    words: () => t,
    isOpen: (id) => numberOf(id) === conversation,
    open: (id) => openKept(id).catch((error) => say(wordsFor(error))),
    remove: (talk) => removeKept(talk).catch((error) => say(wordsFor(error))),
  });

  function listKept() {
    if (hasKey()) past.load().catch(() => {}); // the answer is whole without it
  }

  async function openKept(id) {
    if (running) return;
    const here = exchanges.findLast((exchange) => stored[exchange.conversation] === id);
    if (here) return goTo(here);
    const found = await request("GET", `/v1/conversations/${id}`);
    if (running) return;
    conversation = newNumber();
    stored[conversation] = id;
    const unkept = { quoted: [], closest: [], choices: [], contact: null }; // of an answer that is shown again
    for (const { question, answer } of found.exchanges.slice(-MOST_KEPT)) {
      const shown = answer ? { answer: { ...answer, ...unkept } } : { failed: t.gone };
      exchanges.push({ question, body: { question, turns: [], tags: [] }, conversation, ...shown });
    }
    keepSession();
    choose(null);
    show();
    if (ofConversation().length) goTo(ofConversation().at(-1));
  }

  async function removeKept({ id, title }) {
    if (running || !confirm(t.sure(title))) return;
    await request("DELETE", `/v1/conversations/${id}`);
    const number = numberOf(id);
    delete stored[number];
    exchanges = exchanges.filter((exchange) => exchange.conversation !== number);
    if (number === conversation) fresh();
    keepSession();
    show();
    listKept();
    at("question").focus();
  }

  // ---------------------------------------------------------------- feedback

  async function rate(exchange, up, more = {}) {
    try {
      await post("/v1/feedback", { answer_id: exchange.answer.id, thumbs: up ? "up" : "down", ...more });
      exchange.rated = up;
      keepSession();
      show();
      say(t.thanks);
    } catch {
      say(t.failed);
    }
  }

  function openReasons(exchange) {
    if (articles.get(exchange).querySelector(".reasons")) return;
    const reason = el("select", { id: "reason" }, ...Object.entries(t.reasons).map(([value, label]) => el("option", { value }, label)));
    const comment = el("textarea", { id: "comment", rows: 2, maxlength: 2000 });
    const correction = el("textarea", { id: "correction", rows: 2, maxlength: 10000 });
    const written = (name, field) => (field.value.trim() ? { [name]: field.value.trim() } : {});
    const form = el(
      "form",
      {
        class: "reasons",
        onsubmit: (event) => {
          event.preventDefault();
          rate(exchange, false, { reason: reason.value, ...written("comment", comment), ...written("correction", correction) });
        },
      },
      el("label", { for: "reason" }, t.why),
      reason,
      el("label", { for: "comment" }, t.comment),
      comment,
      el("label", { for: "correction" }, t.correction),
      correction,
      el("button", { class: "strong" }, t.submit),
    );
    articles.get(exchange).append(form);
    reason.focus();
  }

  // ---------------------------------------------------------------- keyboard and language

  const shortcutsOn = () => kept(localStorage, KEPT.keys) !== "off";

  const ACTIONS = {
    "/": () => at("question").focus(),
    "?": () => at("helpbox").showModal(),
    n: fresh,
    c: () => selected?.answer?.sentences.length && copy(selected),
    "+": () => feedback && selected?.answer && rate(selected, true),
    "-": () => feedback && selected?.answer && openReasons(selected),
  };

  document.addEventListener("keydown", (event) => {
    const field = event.target.closest("input, textarea, select");
    if (document.querySelector("dialog[open]")) return;
    if (event.key === "Escape") {
      if (running) running.abort();
      else field?.blur();
      return;
    }
    if (field || event.ctrlKey || event.metaKey || event.altKey || !shortcutsOn()) return;
    const action = /^[1-9]$/.test(event.key) ? () => openSource(Number(event.key)) : ACTIONS[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });

  at("question").addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    at("form").requestSubmit();
  });

  at("form").addEventListener("submit", (event) => {
    event.preventDefault();
    if (running) {
      running.abort();
      return;
    }
    const { value } = at("question");
    at("question").value = "";
    submit(value);
  });

  at("keyform").addEventListener("submit", (event) => {
    event.preventDefault();
    keep(sessionStorage, KEPT.key, at("key").value.trim());
    at("key").value = "";
    at("keybox").close("given");
    showKey();
    listKept();
  });

  function showKey() {
    at("give").hidden = hasKey();
    at("forget").hidden = !hasKey();
  }

  at("give").addEventListener("click", () => askForKey(false));
  at("fresh").addEventListener("click", fresh);
  at("help").addEventListener("click", ACTIONS["?"]);
  at("forget").addEventListener("click", () => {
    keep(sessionStorage, KEPT.key, null);
    keep(sessionStorage, KEPT.session, null); // what the key let one read goes with it
    location.reload();
  });
  at("keyson").addEventListener("change", (event) => keep(localStorage, KEPT.keys, event.target.checked ? null : "off"));
  at("language").addEventListener("click", () => {
    language = language === "fr" ? "en" : "fr";
    keep(localStorage, KEPT.language, language);
    translate();
  });

  function translate() {
    t = TEXTS[language];
    document.documentElement.lang = language;
    for (const node of document.querySelectorAll("[data-t]")) node.textContent = t[node.dataset.t];
    at("language").lang = language === "fr" ? "en" : "fr";
    at("shortcuts").replaceChildren(...Object.entries(t.keys).flatMap(([key, what]) => [el("dt", {}, el("kbd", {}, key)), el("dd", {}, what)]));
    show();
  }

  async function start() {
    at("keyson").checked = shortcutsOn();
    showKey();
    translate();
    listKept();
    at("question").focus();
    try {
      feedback = (await (await fetch("/widget/features")).json()).feedback === true;
      if (feedback) show();
    } catch {
      // An answer says what is wrong, once there is a question.
    }
  }

  start();
})();
