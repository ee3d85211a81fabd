/* As much of a browser as the script of a report's page asks for. `drawn` counts the calls to the canvas. */
let drawn = 0;
const elements = {};

function element() {
  return {
    style: {}, listeners: {}, children: [], clientHeight: 400, clientWidth: 900, scrollTop: 0,
    addEventListener(name, listener) { this.listeners[name] = listener; },
    replaceChildren(...children) { this.children = children; },
    getContext() {
      return new Proxy({}, {
        get: () => () => { drawn += 1; },
        set: () => true,
      });
    },
  };
}

function byId(id) {
  elements[id] = elements[id] || element();
  return elements[id];
}

const document = {
  getElementById: (id) => (id === "events" ? null : byId(id)),
  createElement: element,
  documentElement: {},
};
const window = { addEventListener() {}, devicePixelRatio: 1 };
const getComputedStyle = () => ({ getPropertyValue: () => "#123456" });
