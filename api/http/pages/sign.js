// A party reads, consents, proves who it is, confirms and signs. Everything is decided by the service;
// this page measures how it was read and sends what the party chose.
"use strict";
(() => {
  const main = document.getElementById("main");
  const by = (id) => document.getElementById(id);
  const say = (name, values = {}) =>
    Object.entries(values).reduce((text, [key, value]) => text.replace(`{${key}}`, value), main.dataset[name]);
  const state = { pages: [], seen: 0, last: performance.now(), end: false };

  const call = async (path, body) => {
    const answer = await fetch(`/v1/sign-session/${path}`, {
      method: "POST",
      cache: "no-store",
      headers: {
        "Authorization": `Bearer ${main.dataset.token}`,
        "Content-Type": "application/json",
        "Accept-Language": document.documentElement.lang,
        "Idempotency-Key": Array.from(crypto.getRandomValues(new Uint8Array(16)), (one) => one.toString(16).padStart(2, "0")).join(""),
        "X-Channel": "page",
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const document_ = await answer.json();
    if (!answer.ok) throw document_;
    return document_;
  };
  const act = (button, work) => button.addEventListener("click", async () => {
    by("problem").textContent = "";
    button.disabled = true;
    try {
      await work();
    } catch (problem) {
      by("problem").textContent = problem.detail ? `${problem.title}：${problem.detail}` : main.dataset.sayOffline;
      by("problem").focus();
    } finally {
      button.disabled = false;
    }
  });

  // Reading: time while the page is in view, whole and by page of the document, and whether its end was reached.
  const figures = Array.from(document.querySelectorAll("figure[data-page]"));
  figures.forEach((_, at) => { state.pages[at] = 0; });
  const visible = new Set();
  const watcher = new IntersectionObserver((entries) => entries.forEach((entry) => {
    const at = figures.indexOf(entry.target);
    if (entry.isIntersecting) visible.add(at); else visible.delete(at);
  }));
  figures.forEach((one) => watcher.observe(one));
  new IntersectionObserver((entries) => {
    if (entries.some((entry) => entry.isIntersecting)) state.end = true;
  }).observe(by("end"));
  const measure = () => {
    const now = performance.now();
    if (document.visibilityState === "visible") {
      state.seen += now - state.last;
      visible.forEach((at) => { state.pages[at] += now - state.last; });
    }
    state.last = now;
    const left = Math.ceil(Number(main.dataset.minDwell) - state.seen / 1000);
    const scrolled = state.end || main.dataset.mustScroll !== "true";
    let said = main.dataset.sayRead;
    if (left > 0) said = say("sayLeft", { seconds: left });
    else if (!scrolled) said = main.dataset.sayScroll;
    // Said anew only when it changes: a screen reader repeats what is written again.
    if (by("read-state").textContent !== said) by("read-state").textContent = said;
  };
  document.addEventListener("visibilitychange", () => { state.last = performance.now(); });
  setInterval(measure, 250);
  measure();

  const identified = () => main.dataset.identified === "true";
  act(by("identify"), async () => {
    const chosen = document.querySelector("input[name=way]:checked");
    let made = { done: identified() };
    for (const method of chosen ? chosen.value.split("+") : []) {
      const body = { method };
      if (method === "four-elements") body.card = by("card").value.replace(/\s/g, "");
      made = await call("identity", body);
    }
    main.dataset.identified = String(made.done);
    by("identity-state").textContent = made.done ? main.dataset.sayIdentified : "";
  });

  let intent = null;
  let challenge = null;
  act(by("state"), async () => {
    measure();
    await call("view", {
      dwell_ms: Math.round(state.seen),
      scrolled_to_end: state.end,
      pages_ms: state.pages.map(Math.round),
    });
    for (const box of document.querySelectorAll("input[data-scope]")) {
      if (!box.checked) continue;
      await call("consent", { scope: box.dataset.scope, text_id: box.dataset.text, text_sha256: box.dataset.sha256 });
    }
    intent = await call("statement");
    by("statement").textContent = document.documentElement.lang === "en" ? intent.en : intent.zh_cn;
    by("code-part").hidden = main.dataset.code !== "true";
    by("agree").hidden = false;
    by("statement").focus();
  });
  act(by("send"), async () => {
    const sent = await call("code", { intent: intent.id });
    challenge = sent.challenge;
    by("code-state").textContent = say("saySent", { mobile: sent.mobile });
    by("code").focus();
  });
  // Handwriting, if the party wants its own: strokes in units of the canvas, shown in place of the printed name.
  const pad = by("pad");
  const ink = pad.getContext("2d");
  let strokes = [];
  let pen = null;
  let begun = 0;
  const drawn = (event) => {
    const box = pad.getBoundingClientRect();
    const now = Math.round(event.timeStamp);
    if (strokes.length === 1 && strokes[0].length === 0) begun = now;
    return {
      x: Math.round(((event.clientX - box.left) * pad.width) / box.width),
      y: Math.round(((event.clientY - box.top) * pad.height) / box.height),
      at: Math.max(0, now - begun),
      pressure: event.pointerType === "pen" ? Math.round(event.pressure * 1000) : 0,
    };
  };
  const line = (from, to) => {
    ink.lineWidth = 10;
    ink.lineCap = "round";
    ink.beginPath();
    ink.moveTo(from.x, from.y);
    ink.lineTo(to.x, to.y);
    ink.stroke();
  };
  pad.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    pad.setPointerCapture(event.pointerId);
    pen = event.pointerId;
    strokes.push([]);
    strokes.at(-1).push(drawn(event));
  });
  pad.addEventListener("pointermove", (event) => {
    if (pen !== event.pointerId) return;
    const stroke = strokes.at(-1);
    const point = drawn(event);
    line(stroke.at(-1), point);
    stroke.push(point);
  });
  for (const name of ["pointerup", "pointercancel"]) pad.addEventListener(name, () => { pen = null; });
  act(by("pad-clear"), async () => {
    strokes = [];
    ink.clearRect(0, 0, pad.width, pad.height);
  });

  const end = (title, text) => {
    for (const part of Array.from(main.children)) part.hidden = part.id !== "done";
    by("done-title").textContent = title;
    by("done-text").textContent = text;
    by("done").focus();
  };
  act(by("sign"), async () => {
    if (!intent.confirmed) {
      const body = { intent: intent.id };
      if (main.dataset.code === "true") Object.assign(body, { challenge, code: by("code").value.trim() });
      intent = await call("confirm", body);
    }
    await call("sign", strokes.length > 0 ? { handwriting: strokes } : {});
    end(main.dataset.saySigned, main.dataset.saySignedText);
  });
  act(by("decline"), async () => {
    await call("decline", { reason: by("reason").value });
    end(main.dataset.sayDeclined, main.dataset.sayDeclinedText);
  });
})();
