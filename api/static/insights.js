/* Insights: what was asked in vain, by meaning, and what can be done about it; articles, stale answers, times and cost. */
(() => {
  "use strict";

  const { at, ask, bars, button, day, download, el, how, lines, linkOf, number, reader, say, start, wordsFor } = window.desk;
  const TABS = ["groups", "articles", "stale", "days"];
  const MOST = 100; // rows of a table that are shown; the CSV has all

  const TEXTS = {
    fr: {
      title: "Tendances",
      from: "Du",
      to: "au",
      inlanguage: "Langue",
      audience: "Lecteurs",
      all: "toutes",
      everyone: "tous",
      tabs: { groups: "Sans réponse satisfaisante", articles: "Articles", stale: "Réponses périmées", days: "Délais et coûts" },
      progress: (traces, questions) => `Lecture des réponses en cours : ${traces} à lire, ${questions} questions à regrouper.`,
      figures: { answers: "réponses", refused: "sans réponse", disliked: "pas utiles", p95: "délai p95", cost: "coût" },
      csv: "Exporter en CSV",
      none: "Rien sur cette période.",
      groupsOf: (n, shown) => (n > shown ? `${n} groupes de questions, les ${shown} plus gros sont affichés.` : n > 1 ? `${n} groupes de questions` : `${n} groupe de questions`),
      times: (n) => `${n} fois`,
      refused: (n) => (n > 1 ? `${n} sans réponse` : `${n} sans réponse`),
      disliked: (n) => (n > 1 ? `${n} pas utiles` : `${n} pas utile`),
      last: (when) => `dernière fois le ${when}`,
      trend: (values, days) => `Évolution, par ${days === 1 ? "jour" : days === 7 ? "semaine" : `${days} jours`} : ${values}`,
      near: "Article le plus proche :",
      nearNone: "Aucun article proche.",
      closeness: (value) => `proximité ${value}`,
      far: "parle sans doute d'autre chose",
      written: (when) => `article rédigé le ${when}`,
      since: (asked, answered) => `posée ${asked} fois depuis, ${answered} avec réponse`,
      drafted: "cas proposé",
      questions: "Questions",
      columns: { question: "question", count: "fois", last: "dernière fois", outcome: "issue", act: "action" },
      draft: "Proposer un cas d'acceptation",
      draftThis: "Proposer cette question",
      draftMade: (id) => `Cas ${id} proposé : il attend votre accord.`,
      draftKnown: (id) => `Un cas demande déjà cela (${id}) : il compte une fois de plus.`,
      toReview: "Valider les cas",
      article: "Article rédigé",
      which: "Identifiant de l'article (facultatif)",
      remark: "Remarque (facultatif)",
      save: "Enregistrer",
      saved: "C'est noté.",
      undo: "Retirer cette note",
      undone: "La note est retirée.",
      again: "Reposer ces questions",
      asking: "Questions posées à nouveau…",
      turned: (n, of) => `${n} sur ${of} ${n > 1 ? "ont" : "a"} maintenant une réponse.`,
      before: "avant",
      after: "maintenant",
      answer: "réponse",
      used: "Articles les plus utilisés",
      unused: "Articles jamais cités",
      usedNone: "Aucun article n'a été cité.",
      unusedNone: "Tous les articles ont servi.",
      article_: "article",
      answers: "réponses",
      dislikes: "pas utiles",
      updated: "mis à jour",
      more: (n) => `et ${n} de plus, dans le CSV`,
      staleWhy: "Réponses données qui citent un article périmé, supprimé, ou dont les mots cités n'y sont plus.",
      standing: { expired: "périmé", changed: "modifié", gone: "supprimé" },
      until: (when) => `valable jusqu'au ${when}`,
      lost: "n'y est plus :",
      daysWhy: "Délai jusqu'à la réponse complète : médiane (trait plein) et 95e centile (tirets), en millisecondes.",
      day: "jour",
      first: "1re phrase p50 / p95",
      whole: "réponse p50 / p95",
      tokens: "jetons lus / écrits",
      cost: "coût",
      chart: (p50, p95) => `Délais par jour, dernier jour : médiane ${p50} ms, 95e centile ${p95} ms`,
      shortcuts: { "Flèches": "groupe suivant ou précédent, onglet suivant", "Entrée": "ouvrir le groupe", d: "dans un groupe : proposer un cas", a: "dans un groupe : noter un article rédigé", r: "dans un groupe : reposer ses questions" },
    },
    en: {
      title: "Insights",
      from: "From",
      to: "to",
      inlanguage: "Language",
      audience: "Readers",
      all: "all",
      everyone: "everyone",
      tabs: { groups: "Asked in vain", articles: "Articles", stale: "Stale answers", days: "Times and cost" },
      progress: (traces, questions) => `Reading answers: ${traces} to read, ${questions} questions to group.`,
      figures: { answers: "answers", refused: "no answer", disliked: "not helpful", p95: "time p95", cost: "cost" },
      csv: "Export as CSV",
      none: "Nothing in this period.",
      groupsOf: (n, shown) => (n > shown ? `${n} groups of questions, the ${shown} largest are shown.` : n === 1 ? "1 group of questions" : `${n} groups of questions`),
      times: (n) => (n === 1 ? "once" : `${n} times`),
      refused: (n) => `${n} without answer`,
      disliked: (n) => `${n} not helpful`,
      last: (when) => `last on ${when}`,
      trend: (values, days) => `Trend, by ${days === 1 ? "day" : days === 7 ? "week" : `${days} days`}: ${values}`,
      near: "Nearest article:",
      nearNone: "No article is near.",
      closeness: (value) => `closeness ${value}`,
      far: "likely about something else",
      written: (when) => `article written on ${when}`,
      since: (asked, answered) => `asked ${asked} times since, ${answered} answered`,
      drafted: "case drafted",
      questions: "Questions",
      columns: { question: "question", count: "times", last: "last", outcome: "outcome", act: "action" },
      draft: "Draft an acceptance case",
      draftThis: "Draft this question",
      draftMade: (id) => `Case ${id} drafted: it waits for your word.`,
      draftKnown: (id) => `A case asks that already (${id}): it counts once more.`,
      toReview: "Review cases",
      article: "Article written",
      which: "The article's id (optional)",
      remark: "Remark (optional)",
      save: "Save",
      saved: "Noted.",
      undo: "Take this note back",
      undone: "The note is taken back.",
      again: "Ask these questions again",
      asking: "Asking again…",
      turned: (n, of) => `${n} of ${of} ${n === 1 ? "has" : "have"} an answer now.`,
      before: "before",
      after: "now",
      answer: "answer",
      used: "Most used articles",
      unused: "Articles never cited",
      usedNone: "No article was cited.",
      unusedNone: "Every article was of use.",
      article_: "article",
      answers: "answers",
      dislikes: "not helpful",
      updated: "updated",
      more: (n) => `and ${n} more, in the CSV`,
      staleWhy: "Answers that cite an article which has expired, is gone, or no longer holds the quoted words.",
      standing: { expired: "expired", changed: "changed", gone: "gone" },
      until: (when) => `valid until ${when}`,
      lost: "no longer there:",
      daysWhy: "Time until the whole answer: median (solid) and 95th percentile (dashed), in milliseconds.",
      day: "day",
      first: "1st sentence p50 / p95",
      whole: "answer p50 / p95",
      tokens: "tokens read / written",
      cost: "cost",
      chart: (p50, p95) => `Times by day; on the last day: median ${p50} ms, 95th percentile ${p95} ms`,
      shortcuts: { Arrows: "next or previous group, next tab", Enter: "open the group", d: "in a group: draft a case", a: "in a group: note that an article was written", r: "in a group: ask its questions again" },
    },
  };

  let t = TEXTS.en;
  let tab = TABS.includes(location.hash.slice(1)) ? location.hash.slice(1) : "groups";
  let turn = 0; // of loading: what an earlier one brings is not shown any more
  let summary = null;
  let found = null; // of the tab
  let opened = null; // {id, questions, form}

  // ---------------------------------------------------------------- what is asked for

  function query(more = {}) {
    const chosen = { from: at("from").value, to: at("to").value, language: at("inlanguage").value, audience: at("audience").value, ...more };
    return new URLSearchParams(Object.entries(chosen).filter(([, value]) => value));
  }

  async function load() {
    const mine = ++turn;
    found = null;
    opened = null;
    showPanel();
    try {
      for (;;) {
        summary = await ask(`/v1/insights?${query()}`);
        if (mine !== turn) return;
        showSummary();
        if (summary.left.done) break;
        await new Promise((resolve) => setTimeout(resolve, 300)); // another visitor's request may be at it
      }
      await loadTab(mine);
    } catch (error) {
      if (mine !== turn) return;
      at("progress").hidden = true;
      at("panel").replaceChildren(el("p", { class: "warn" }, wordsFor(error)));
      say(wordsFor(error));
    }
  }

  async function loadTab(mine = turn) {
    const got = tab === "days" ? summary : await ask(`/v1/insights/${tab}?${query({ limit: MOST })}`);
    if (mine !== turn) return;
    found = got;
    showPanel();
  }

  async function attempt(action) {
    try {
      await action();
    } catch (error) {
      say(wordsFor(error));
      at("told")?.replaceChildren(el("p", { class: "warn" }, wordsFor(error)));
    }
  }

  // ---------------------------------------------------------------- what is shown

  function show() {
    t = window.desk.t;
    showTabs();
    if (summary) showSummary();
    showPanel();
  }

  function choices(id, values, all, name = (value) => value) {
    const select = at(id);
    const chosen = select.value;
    select.replaceChildren(el("option", { value: "" }, all), ...values.map((value) => el("option", { value }, name(value))));
    select.value = values.includes(chosen) ? chosen : "";
  }

  function showSummary() {
    const names = new Intl.DisplayNames([window.desk.language], { type: "language" });
    at("from").value ||= summary.start;
    at("to").value ||= summary.end;
    choices("inlanguage", summary.languages, t.all, (code) => (code === "und" ? "?" : names.of(code)));
    choices("audience", summary.audiences, t.everyone, reader);
    const { left, whole } = summary;
    at("progress").hidden = left.done;
    at("barlabel").textContent = t.progress(number(left.traces), number(left.questions));
    const figures = { answers: number(whole.answers), refused: number(whole.refused), disliked: number(whole.disliked) };
    if (whole.total_p95 !== null) figures.p95 = `${number(whole.total_p95)} ms`;
    if (whole.cost !== null) figures.cost = number(whole.cost, 2);
    at("figures").replaceChildren(...Object.entries(figures).map(([name, value]) => el("div", {}, el("dt", {}, t.figures[name]), el("dd", {}, value))));
  }

  function showTabs() {
    at("tabs").replaceChildren(
      ...TABS.map((name) =>
        button(t.tabs[name], () => choose(name), { role: "tab", id: `tab-${name}`, "aria-selected": String(name === tab), "aria-controls": "panel", tabindex: name === tab ? 0 : -1 }),
      ),
    );
    at("panel").setAttribute("aria-labelledby", `tab-${tab}`);
  }

  function choose(name) {
    tab = name;
    history.replaceState(null, "", `#${name}`);
    showTabs();
    at(`tab-${name}`).focus();
    found = null;
    opened = null;
    showPanel();
    attempt(() => (summary?.left.done ? loadTab() : load()));
  }

  function showPanel() {
    const panel = at("panel");
    panel.setAttribute("aria-busy", String(!found));
    if (!found) {
      panel.replaceChildren(el("p", { class: "note" }, t.loading));
      return;
    }
    panel.replaceChildren(...{ groups: groupsShown, articles: articlesShown, stale: staleShown, days: daysShown }[tab]());
  }

  const exporting = (table) => button(t.csv, () => attempt(() => download(`/v1/insights/${table}.csv?${query()}`)), { class: "csv" });

  function table(columns, rows) {
    const head = el("tr", {}, ...columns.map(({ name, n }) => el("th", { scope: "col", class: n && "n" }, name)));
    const body = rows.map((cells) => el("tr", {}, ...cells.map((cell, index) => el("td", { class: columns[index].n && "n" }, ...[cell].flat()))));
    return el("div", { class: "wide", tabindex: 0, role: "group", "aria-label": columns[0].name }, el("table", {}, el("thead", {}, head), el("tbody", {}, ...body)));
  }

  // ---------------------------------------------------------------- groups

  function groupsShown() {
    const { groups, total } = found;
    if (!groups.length) return [el("p", { class: "note" }, t.none)];
    return [
      el("div", { class: "row" }, el("p", { class: "note" }, t.groupsOf(total, groups.length)), exporting("groups")),
      el("ol", { class: "groups", onkeydown: keysOfGroups }, ...groups.map(groupShown)),
    ];
  }

  function groupShown(group) {
    const isOpen = opened?.id === group.id;
    const head = el(
      "button",
      { type: "button", class: "head", "aria-expanded": String(isOpen), onclick: () => open(group) },
      el("span", { class: "count" }, number(group.count)),
      el("span", { class: "label" }, group.label),
      bars(group.trend, t.trend(group.trend.join(", "), found.step_days)),
      el("span", { class: "facts" }, ...factsOf(group)),
    );
    return el("li", { "data-group": group.id }, head, isOpen && bodyOf(group));
  }

  function factsOf(group) {
    const reasons = Object.entries(group.reasons).map(([name, count]) => el("span", { class: "chip" }, `${t.reason[name] || name} ${number(count)}`));
    const { after } = group;
    return [
      group.disliked > 0 && el("span", { class: "chip bad" }, t.disliked(group.disliked)),
      ...reasons,
      el("span", {}, t.last(day(group.last_at))),
      group.notes.some(({ kind }) => kind === "draft") && el("span", { class: "chip good" }, t.drafted),
      after && el("span", { class: `chip ${after.answered ? "good" : ""}` }, t.written(day(after.since)), after.asked > 0 && ` ; ${t.since(after.asked, after.answered)}`),
    ].filter(Boolean);
  }

  async function open(group) {
    opened = opened?.id === group.id ? null : { id: group.id, questions: null, form: false };
    redraw(group);
    if (!opened) return;
    const mine = opened;
    await attempt(async () => {
      const { questions } = await ask(`/v1/insights/groups/${group.id}?${query()}`);
      mine.questions = questions;
      if (opened === mine) redraw(group);
    });
  }

  const headOf = (id) => document.querySelector(`li[data-group="${id}"] > .head`);

  /** The whole list, with the focus where it was: on the group's head. */
  function redraw(group, focus = ".head") {
    showPanel();
    (document.querySelector(`li[data-group="${group.id}"] ${focus}`) || headOf(group.id))?.focus();
  }

  function bodyOf(group) {
    const article = group.notes.filter(({ kind }) => kind === "article").at(-1);
    return el(
      "div",
      { class: "body" },
      nearestOf(group),
      el(
        "div",
        { class: "row" },
        button(t.draft, () => draft(group), { class: "do-draft", "aria-keyshortcuts": "d" }),
        button(t.article, () => write(group), { class: "do-article", "aria-keyshortcuts": "a", "aria-expanded": String(opened.form) }),
        button(t.again, () => askAgain(group), { class: "do-again", "aria-keyshortcuts": "r" }),
      ),
      opened.form && formOf(group),
      el("div", { id: "told" }, ...[opened.told].flat().filter(Boolean)),
      ...group.notes.filter(({ kind }) => kind === "article").map((note) => noteOf(group, note)),
      (opened.again || article?.found) && againOf(opened.again || article.found),
      el("h2", {}, t.questions),
      opened.questions ? questionsOf(group) : el("p", { class: "note" }, t.loading),
    );
  }

  function nearestOf({ nearest }) {
    if (!nearest) return el("p", {}, t.nearNone);
    const far = nearest.closeness < 0.2;
    return el("p", {}, `${t.near} `, linkOf(nearest.title, nearest.url), " ", el("span", { class: `chip ${far ? "" : "good"}` }, t.closeness(number(nearest.closeness, 2))), far && el("span", { class: "note" }, ` ${t.far}`));
  }

  function noteOf(group, note) {
    const what = [t.written(day(note.at)), note.document_id, note.text].filter(Boolean).join(" · ");
    return el("p", { class: "row written" }, el("span", { class: "chip good" }, what), button(t.undo, () => attempt(() => undo(group, note))));
  }

  function questionsOf(group) {
    const columns = [{ name: t.columns.question }, { name: t.columns.count, n: true }, { name: t.columns.last }, { name: t.columns.outcome }, { name: t.columns.act }];
    return table(
      columns,
      opened.questions.map((one) => [
        one.question,
        number(one.count),
        day(one.at),
        [one.disliked ? t.status.disliked : how(one.status, one.reason)],
        button(t.draftThis, () => draft(group, one.answer_id), { "aria-label": `${t.draftThis} : ${one.question}` }),
      ]),
    );
  }

  function againOf({ turned, questions }) {
    const columns = [{ name: t.columns.question }, { name: t.before }, { name: t.after }, { name: t.answer }];
    const rows = questions.map((one) => [
      one.question,
      one.before === "disliked" ? t.status.disliked : how(one.before, one.before_reason),
      el("span", { class: one.after === "answered" ? "good" : "bad" }, how(one.after, one.after_reason)),
      one.text,
    ]);
    return el("div", { class: "again" }, el("p", { class: turned ? "good" : "" }, t.turned(turned, questions.length)), table(columns, rows));
  }

  function formOf(group) {
    const which = el("input", { type: "text", id: "which", maxlength: 2000, list: "articles", autocomplete: "off" });
    const remark = el("input", { type: "text", id: "remark", maxlength: 2000, autocomplete: "off" });
    const known = group.nearest ? [el("option", { value: group.nearest.document_id }, group.nearest.title)] : [];
    const written = (name, field) => (field.value.trim() ? { [name]: field.value.trim() } : {});
    const send = (event) => {
      event.preventDefault();
      const body = { ...written("document_id", which), ...written("text", remark) };
      attempt(async () => {
        await ask(`/v1/insights/groups/${group.id}/notes?${query()}`, { method: "POST", body });
        opened.form = false;
        await refresh(group, ".do-again");
        say(t.saved);
      });
    };
    return el("form", { class: "stack", onsubmit: send }, el("label", { for: "which" }, t.which), which, el("datalist", { id: "articles" }, ...known), el("label", { for: "remark" }, t.remark), remark, el("div", {}, el("button", { class: "strong" }, t.save)));
  }

  function write(group) {
    opened.form = !opened.form;
    redraw(group, opened.form ? "#which" : ".do-article");
  }

  async function draft(group, answer_id = null) {
    await attempt(async () => {
      const { draft_id, new: isNew } = await ask(`/v1/insights/groups/${group.id}/draft?${query()}`, { method: "POST", body: answer_id ? { answer_id } : {} });
      const words = isNew ? t.draftMade(draft_id) : t.draftKnown(draft_id);
      opened.told = [el("p", { class: "good" }, words, " ", el("a", { href: `/review#${draft_id}`, id: "toreview" }, t.toReview))];
      await refresh(group, "#toreview");
      say(words);
    });
  }

  async function askAgain(group) {
    say(t.asking);
    opened.told = el("p", { class: "note" }, t.asking);
    redraw(group, ".do-again");
    await attempt(async () => {
      const again = await ask(`/v1/insights/groups/${group.id}/ask-again?${query()}`, { method: "POST" });
      opened.told = null;
      opened.again = again;
      redraw(group, ".do-again");
      say(t.turned(again.turned, again.questions.length));
    });
  }

  async function undo(group, note) {
    await ask(`/v1/insights/notes/${note.id}`, { method: "DELETE" });
    opened.again = null;
    await refresh(group, ".do-article");
    say(t.undone);
  }

  /** What is known of the groups, anew; the open one stays open. */
  async function refresh(group, focus) {
    const mine = turn;
    const got = await ask(`/v1/insights/groups?${query({ limit: MOST })}`);
    if (mine !== turn) return;
    found = got;
    redraw(group, focus);
  }

  const IN_GROUP = { d: draft, a: write, r: askAgain };

  /** Single keys count only with the focus in the list, and outside of fields. */
  function keysOfGroups(event) {
    if (event.target.closest("input, textarea, select") || event.ctrlKey || event.metaKey || event.altKey) return;
    const heads = [...document.querySelectorAll(".groups .head")];
    const index = heads.indexOf(event.target.closest("li").querySelector(".head"));
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && event.target.classList.contains("head")) {
      event.preventDefault();
      heads[index + step]?.focus();
    } else if (IN_GROUP[event.key] && opened?.id === found.groups[index].id) {
      event.preventDefault();
      IN_GROUP[event.key](found.groups[index]);
    }
  }

  // ---------------------------------------------------------------- articles, stale answers, days

  function articlesShown() {
    const columns = [{ name: t.article_ }, { name: t.answers, n: true }, { name: t.dislikes, n: true }, { name: t.updated }];
    const rowOf = (one) => [linkOf(one.title, one.url), number(one.answers), number(one.disliked), one.updated_at ? day(one.updated_at) : ""];
    const part = (title, rows, total, none, name) => [
      el("h2", {}, title),
      ...(rows.length ? [el("div", { class: "row" }, exporting(name)), name === "articles" ? table(columns, rows.map(rowOf)) : el("ul", {}, ...rows.map((one) => el("li", {}, linkOf(one.title, one.url))))] : [el("p", { class: "note" }, none)]),
      total > rows.length && el("p", { class: "note" }, t.more(number(total - rows.length))),
    ];
    return [
      el("div", { class: "two" }, el("section", {}, ...part(t.used, found.used, found.total_used, t.usedNone, "articles").filter(Boolean)), el("section", {}, ...part(t.unused, found.unused, found.total_unused, t.unusedNone, "unused").filter(Boolean))),
    ];
  }

  function staleShown() {
    const why = el("p", { class: "note" }, t.staleWhy);
    if (!found.answers.length) return [why, el("p", {}, t.none)];
    const columns = [{ name: t.columns.question }, { name: t.article_ }, { name: t.columns.outcome }, { name: t.columns.last }];
    const rows = found.answers.slice(0, MOST).map((one) => [
      one.question,
      linkOf(one.title || one.document_id, one.url),
      [el("span", { class: "chip bad" }, t.standing[one.standing]), one.standing === "expired" && ` ${t.until(day(one.valid_until))}`, one.lost.length > 0 && el("p", { class: "note" }, `${t.lost} « ${one.lost.join(" » « ")} »`)].filter(Boolean),
      day(one.answered_at),
    ]);
    return [why, el("div", { class: "row" }, exporting("stale")), table(columns, rows)];
  }

  function daysShown() {
    const { days } = found;
    if (!days.length) return [el("p", { class: "note" }, t.none)];
    const pair = (one, two) => (one === null ? "" : `${number(one)} / ${number(two)}`);
    const last = days.at(-1);
    const columns = [{ name: t.day }, { name: t.answers, n: true }, { name: t.figures.refused, n: true }, { name: t.first, n: true }, { name: t.whole, n: true }, { name: t.tokens, n: true }, { name: t.cost, n: true }];
    const rows = [...days].reverse().map((one) => [
      day(one.day),
      number(one.answers),
      number(one.refused),
      pair(one.first_p50, one.first_p95),
      pair(one.total_p50, one.total_p95),
      one.tokens_in || one.tokens_out ? pair(one.tokens_in, one.tokens_out) : "",
      one.cost === null ? "" : number(one.cost, 4),
    ]);
    const chart = lines({ p95: days.map((one) => one.total_p95), p50: days.map((one) => one.total_p50) }, t.chart(number(last.total_p50 || 0), number(last.total_p95 || 0)));
    return [el("p", { class: "note" }, t.daysWhy), chart, el("div", { class: "row" }, exporting("days")), table(columns, rows)];
  }

  // ---------------------------------------------------------------- begin

  at("filters").addEventListener("change", load);
  at("filters").addEventListener("submit", (event) => event.preventDefault());
  at("tabs").addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    choose(TABS[(TABS.indexOf(tab) + step + TABS.length) % TABS.length]);
  });
  start(TEXTS, show);
  load();
})();
