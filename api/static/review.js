/* Review: proposed acceptance cases, one at a time, each with the answer it comes from. What `brain eval review` does in the terminal. */
(() => {
  "use strict";

  const { at, ask, button, day, el, how, linkOf, reader, say, start, wordsFor } = window.desk;
  const STATUSES = ["answered", "refused", "needs_clarification"];
  const REASONS = ["no_evidence", "insufficient_evidence", "expired", "conflicting", "out_of_scope"];

  const TEXTS = {
    fr: {
      title: "Cas à valider",
      none: "Aucun cas n'attend.",
      noneWhy: "Les tendances proposent des cas à partir de ce qui n'a pas eu de réponse satisfaisante ; « brain eval draft » en propose à partir des articles.",
      of: (n, all) => `Cas ${n} sur ${all}`,
      from: { production: "De la production", knowledge: "Des articles", model: "D'un modèle" },
      seen: (n) => `rencontré ${n} fois`,
      given: "Réponse donnée",
      givenNone: "La réponse n'est plus conservée.",
      when: (moment, what) => `${what}, le ${moment}`,
      passages: "Passages cités",
      near: "Articles les plus proches",
      use: (title) => `Attendre « ${title} »`,
      question: "Question",
      before: "Échanges précédents",
      status: "Issue attendue",
      any: "(non vérifiée)",
      reason_: "Motif attendu",
      documents: "Articles attendus (un identifiant par ligne)",
      must: "Doit contenir (un élément par ligne)",
      mustnot: "Ne doit pas contenir (un élément par ligne)",
      reference: "Réponse de référence",
      critical: "Critique : ne doit jamais échouer",
      accept: "Accepter",
      reject: "Rejeter",
      why: "Pourquoi le rejeter ? (facultatif)",
      confirm: "Rejeter ce cas",
      next: "Suivant",
      previous: "Précédent",
      accepted: "Le cas est accepté.",
      rejected: "Le cas est rejeté.",
      shortcuts: { "Ctrl + Entrée": "accepter le cas", "Alt + R": "rejeter : demande le motif", "Alt + J, Alt + K": "cas suivant, précédent", "Échap": "renoncer à rejeter" },
    },
    en: {
      title: "Review",
      none: "No case is waiting.",
      noneWhy: "Insights draft cases from what was asked in vain; “brain eval draft” drafts some from the articles.",
      of: (n, all) => `Case ${n} of ${all}`,
      from: { production: "From production", knowledge: "From the articles", model: "From a model" },
      seen: (n) => `met ${n} times`,
      given: "Answer given",
      givenNone: "The answer is not kept any more.",
      when: (moment, what) => `${what}, on ${moment}`,
      passages: "Cited passages",
      near: "Nearest articles",
      use: (title) => `Expect “${title}”`,
      question: "Question",
      before: "What was said before",
      status: "Expected outcome",
      any: "(not checked)",
      reason_: "Expected reason",
      documents: "Expected articles (one id a line)",
      must: "Must include (one thing a line)",
      mustnot: "Must not include (one thing a line)",
      reference: "Reference answer",
      critical: "Critical: must never fail",
      accept: "Accept",
      reject: "Reject",
      why: "Why reject it? (optional)",
      confirm: "Reject this case",
      next: "Next",
      previous: "Previous",
      accepted: "The case is accepted.",
      rejected: "The case is rejected.",
      shortcuts: { "Ctrl + Enter": "accept the case", "Alt + R": "reject: asks why", "Alt + J, Alt + K": "next, previous case", Esc: "don't reject after all" },
    },
  };
  // `status` names the outcomes on all pages; here it is also a label.
  for (const texts of Object.values(TEXTS)) {
    texts.expected = texts.status;
    delete texts.status;
  }

  let t = TEXTS.en;
  let drafts = null;
  let total = 0;
  let index = 0;
  let rejecting = false;
  let failed = "";

  async function load(wanted = location.hash.slice(1)) {
    try {
      ({ drafts, total } = await ask("/v1/drafts"));
      index = Math.max(0, drafts.findIndex(({ id }) => id === wanted));
      failed = "";
    } catch (error) {
      failed = wordsFor(error);
    }
    show();
    at("draft").focus();
  }

  function show() {
    t = window.desk.t;
    const draft = drafts?.[index];
    at("draft").textContent = draft ? t.of(index + 1, total) : drafts ? t.none : failed || t.loading;
    at("body").replaceChildren(...(draft ? shown(draft) : drafts ? [el("p", { class: "note" }, t.noneWhy)] : []));
  }

  function shown(draft) {
    // Of production, `detail` repeats what stands beside the answer; behind a colon is what was said of it.
    const detail = draft.answer ? draft.detail.split(": ").slice(1).join(": ") : draft.detail;
    return [
      el("p", { class: "facts" }, el("span", { class: "chip" }, t.from[draft.source]), draft.seen > 1 && el("span", {}, t.seen(draft.seen)), detail && el("span", {}, detail)),
      el("div", { class: "two" }, formOf(draft), el("section", { class: "panel" }, ...answerOf(draft))),
    ];
  }

  function answerOf({ answer, source }) {
    if (!answer) return [el("h3", {}, t.given), el("p", { class: "note" }, source === "production" ? t.givenNone : "–")];
    return [
      el("h3", {}, t.given),
      el("p", { class: "note" }, t.when(day(answer.answered_at), how(answer.status, answer.reason))),
      answer.message && el("p", {}, answer.message),
      answer.text && el("p", { class: "text" }, answer.text),
      ...(answer.quotes.length ? [el("h3", {}, t.passages), ...answer.quotes.map((one) => el("blockquote", {}, el("mark", {}, one.quote), el("br"), linkOf(one.title, one.url)))] : []),
      ...(answer.nearest.length ? [el("h3", {}, t.near), el("ul", {}, ...answer.nearest.map(nearOf))] : []),
    ].filter(Boolean);
  }

  function nearOf(one) {
    const add = () => {
      const field = at("documents");
      const ids = linesOf("documents");
      if (!ids.includes(one.document_id)) field.value = [...ids, one.document_id].join("\n");
      at("expected").value = "answered";
      field.focus();
    };
    return el("li", {}, linkOf(one.title, one.url), " ", button("+", add, { class: "cite", "aria-label": t.use(one.title) }));
  }

  const linesOf = (id) => at(id).value.split("\n").map((line) => line.trim()).filter(Boolean);

  function formOf({ case: it }) {
    const expect = it.expect || {};
    const text = it.turns ? it.turns.at(-1).text : it.question;
    const area = (id, label, value, rows = 2) => [el("label", { for: id }, label), el("textarea", { id, rows, spellcheck: "false" }, value || "")];
    const choice = (id, label, values, chosen, name) => [
      el("label", { for: id }, label),
      el("select", { id }, el("option", { value: "" }, t.any), ...values.map((value) => el("option", { value, selected: value === chosen }, name(value)))),
    ];
    const form = el(
      "form",
      { class: "panel stack", id: "case", onsubmit: (event) => { event.preventDefault(); accept(); } },
      it.turns?.length > 1 && el("fieldset", {}, el("legend", {}, t.before), ...it.turns.slice(0, -1).map((turn) => el("p", { class: "note" }, turn.text))),
      ...area("question", t.question, text),
      it.filters?.audience && el("p", { class: "note" }, reader(it.filters.audience)),
      ...choice("expected", t.expected, STATUSES, expect.status, (value) => t.status[value]),
      ...choice("reason", t.reason_, REASONS, expect.reason, (value) => t.reason[value]),
      ...area("documents", t.documents, (expect.documents || []).join("\n")),
      ...area("must", t.must, (expect.must_include || []).join("\n")),
      ...area("mustnot", t.mustnot, (expect.must_not_include || []).join("\n"), 1),
      ...area("reference", t.reference, expect.reference),
      el("label", { class: "check" }, el("input", { type: "checkbox", id: "critical", checked: Boolean(it.critical) }), ` ${t.critical}`),
      el("div", { id: "told" }),
      rejecting ? rejectOf() : choicesOf(),
    );
    return form;
  }

  function choicesOf() {
    return el(
      "div",
      { class: "row" },
      el("button", { class: "strong", id: "accept", "aria-keyshortcuts": "Control+Enter" }, t.accept),
      button(t.reject, askWhy, { id: "reject", "aria-keyshortcuts": "Alt+R" }),
      button(t.previous, () => go(-1), { "aria-keyshortcuts": "Alt+K", disabled: index === 0 }),
      button(t.next, () => go(1), { "aria-keyshortcuts": "Alt+J", disabled: index + 1 >= drafts.length }),
    );
  }

  function rejectOf() {
    return el(
      "div",
      { class: "stack" },
      el("label", { for: "why" }, t.why),
      el("input", { type: "text", id: "why", maxlength: 500, autocomplete: "off", onkeydown: (event) => event.key === "Enter" && (event.preventDefault(), reject()) }),
      el("div", { class: "row" }, button(t.confirm, reject, { class: "strong", id: "confirm" }), button(t.cancel, dontReject)),
    );
  }

  /** What was typed so far stays. */
  function swapChoices() {
    at("case").lastElementChild.replaceWith(rejecting ? rejectOf() : choicesOf());
  }

  function askWhy() {
    rejecting = true;
    swapChoices();
    at("why").focus();
  }

  function dontReject() {
    rejecting = false;
    swapChoices();
    at("reject").focus();
  }

  function go(step) {
    const next = index + step;
    if (next < 0 || next >= drafts.length) return;
    index = next;
    rejecting = false;
    history.replaceState(null, "", `#${drafts[index].id}`);
    show();
    at("draft").focus();
  }

  /** Only what a person changed is sent. */
  function changes() {
    const { case: it } = drafts[index];
    const expect = it.expect || {};
    const now = {
      question: at("question").value.trim(),
      critical: at("critical").checked,
      status: at("expected").value || null,
      reason: at("reason").value || null,
      documents: linesOf("documents"),
      must_include: linesOf("must"),
      must_not_include: linesOf("mustnot"),
      reference: at("reference").value.trim() || null,
    };
    const before = {
      question: it.turns ? it.turns.at(-1).text : it.question,
      critical: Boolean(it.critical),
      status: expect.status || null,
      reason: expect.reason || null,
      documents: expect.documents || [],
      must_include: expect.must_include || [],
      must_not_include: expect.must_not_include || [],
      reference: expect.reference || null,
    };
    return Object.fromEntries(Object.entries(now).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name])));
  }

  async function decide(path, body, words) {
    try {
      await ask(`/v1/drafts/${encodeURIComponent(drafts[index].id)}/${path}`, { method: "POST", body });
    } catch (error) {
      at("told").replaceChildren(el("p", { class: "warn" }, wordsFor(error)));
      say(wordsFor(error));
      return;
    }
    rejecting = false;
    await load(drafts[index + 1]?.id || "");
    say(words);
  }

  const accept = () => decide("accept", changes(), t.accepted);
  const reject = () => decide("reject", { reason: at("why").value.trim() }, t.rejected);

  document.addEventListener("keydown", (event) => {
    if (!drafts?.[index] || document.querySelector("dialog[open]")) return;
    const action =
      (event.ctrlKey || event.metaKey) && event.key === "Enter" ? accept
      : event.altKey && event.code === "KeyR" ? askWhy
      : event.altKey && event.code === "KeyJ" ? () => go(1)
      : event.altKey && event.code === "KeyK" ? () => go(-1)
      : event.key === "Escape" && rejecting ? dontReject
      : null;
    if (!action) return;
    event.preventDefault();
    action();
  });

  start(TEXTS, show);
  load();
})();
