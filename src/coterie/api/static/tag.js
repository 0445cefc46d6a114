/* The browser tag of Coterie. Nothing is stored or sent before the visitor's consent; see docs/howto/browser-tag.md */
(function (window, document) {
  "use strict";
  var script = document.currentScript;
  if (!script || (window.coterie && window.coterie.version)) return;
  var options = script.dataset;
  var address = options.host || new URL(script.src).origin;
  var url = address + "/c/" + options.account + "/" + (options.stream || "default") + "?timestamp_field=_ts&key=" + options.key;
  var CONSENT = "coterie_consent", VISITOR = "coterie_uid", PERSON = "coterie_user";
  var YEAR = 31536000, WAITING_MOST = 50, BEACON_MOST = 60000;
  var waiting = [], state = null;

  function read(name) {
    var found = document.cookie.match("(?:^|; )" + name + "=([^;]*)");
    return found ? decodeURIComponent(found[1]) : "";
  }

  function write(name, value, age) {
    document.cookie = name + "=" + encodeURIComponent(value) + "; path=/; max-age=" + age + "; SameSite=Lax"
      + (options.domain ? "; domain=" + options.domain : "")
      + (location.protocol === "https:" ? "; Secure" : "");
  }

  function random() {
    if (window.crypto && crypto.randomUUID) return crypto.randomUUID();
    var bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.prototype.map.call(bytes, function (byte) { return (byte + 256).toString(16).slice(1); }).join("");
  }

  function visitor() {
    var known = read(VISITOR) || random();
    write(VISITOR, known, 2 * YEAR);
    return known;
  }

  function campaign(event) {
    new URLSearchParams(location.search).forEach(function (value, name) {
      if (name.slice(0, 4) === "utm_") event[name] = value;
    });
  }

  function send(event) {
    if (state !== true) {
      // Kept in memory alone, and only until the visitor decides or leaves.
      if (state === null && waiting.length < WAITING_MOST) waiting.push(event);
      return;
    }
    event._uid = visitor();
    if (!event.user_id && read(PERSON)) event.user_id = read(PERSON);
    var body = JSON.stringify(event);
    if (navigator.sendBeacon && body.length < BEACON_MOST && navigator.sendBeacon(url, body)) return;
    fetch(url, { method: "POST", body: body, keepalive: body.length < BEACON_MOST, credentials: "omit", mode: "no-cors" })
      .catch(function () {});
  }

  function make(name, more) {
    var event = {
      _e: name, message_id: random(), _ts: new Date().toISOString(), url: location.href.split("#")[0],
      title: document.title, _ref: document.referrer, _ul: navigator.language,
      _tz: Intl.DateTimeFormat().resolvedOptions().timeZone, _sz: screen.width + "x" + screen.height
    };
    campaign(event);
    for (var key in more || {}) event[key] = more[key];
    send(event);
  }

  var api = {
    version: 1,
    page: function (more) { make("page_view", more); },
    track: function (name, more) { make(String(name), more); },
    identify: function (user, traits) {
      var more = {};
      for (var key in traits || {}) more[key] = traits[key];
      if (user) {
        more.user_id = String(user);
        if (state === true) write(PERSON, more.user_id, YEAR);
      }
      make("identify", more);
    },
    consent: function (given) {
      state = given === true;
      if (state) {
        write(CONSENT, "yes", YEAR);
        waiting.splice(0).forEach(function (event) {
          if (event._e === "identify" && event.user_id) write(PERSON, event.user_id, YEAR);
          send(event);
        });
      } else {
        waiting = [];
        api.reset();
        write(CONSENT, "no", YEAR);
      }
    },
    reset: function () { write(VISITOR, "", 0); write(PERSON, "", 0); },
    hasConsent: function () { return state === true; }
  };

  var asked = read(CONSENT);
  var refuses = navigator.globalPrivacyControl === true && asked !== "yes";
  state = asked === "yes" ? true : asked === "no" || refuses ? false : null;
  var earlier = window.coterie && window.coterie.q || [];
  window.coterie = api;
  if (options.page !== "no") api.page();
  earlier.forEach(function (call) { api[call[0]].apply(api, call.slice(1)); });
})(window, document);
