// A model in the format VRM (1.0 and 0.x), drawn by three.js. Its code is large, so it is loaded only here.

const BUNDLE = "./three.bundle.js"; // made by tools/bundle_vrm.py, when the program is built
const EXPRESSIONS = { X: "", A: "aa", I: "ih", U: "ou", E: "ee", O: "oh" };
const FEELS = { happy: "happy", angry: "angry", sad: "sad", surprised: "surprised", shy: "relaxed", relaxed: "relaxed" };
const SOFTLY = { most: 15, ratio: 0.6 }; // without a graphics card: frames a second, and pixels for one of the page
const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render/i;
const ANGLE = 20; // degrees from the lower to the upper edge
const ABOVE = 0.6; // of the way from hips to head: what is seen above the head's joint…
const BELOW = 0.5; // …and below it
const ARMS = 1.25; // radians by which the arms hang down from a T
const TURN = Math.PI / 180;

export class Avatar {
  constructor(place, wake) {
    this.place = place;
    this.wake = wake;
    this.mood = "";
    this.mouth = "";
    this.weights = new Map(); // expression → how much of it is shown
    this.last = 0;
    this.most = Infinity;
    this.ratio = 2;
  }

  async load({ model }) {
    const three = await import(BUNDLE).catch(() => {
      throw new Error("what draws VRM models was not built: install Node.js, then run tools/bundle_vrm.py or install again");
    });
    this.three = three;
    try {
      const soft = isDrawnByProcessor();
      this.most = soft ? SOFTLY.most : Infinity; // frames a second
      this.ratio = soft ? SOFTLY.ratio : 2;
      this.renderer = new three.WebGLRenderer({ alpha: true, antialias: !soft, powerPreference: "low-power" });
    } catch {
      throw new Error("this browser draws nothing in 3D: switch hardware acceleration on in OBS (Settings, Advanced)");
    }
    const loader = new three.GLTFLoader();
    loader.register((parser) => new three.VRMLoaderPlugin(parser));
    const { userData, scene } = await loader.loadAsync(model + location.search); // with the page's token
    if (!userData.vrm) throw new Error(`${model} is no VRM model`);
    this.vrm = userData.vrm;
    three.VRMUtils.rotateVRM0(this.vrm);
    three.VRMUtils.combineSkeletons?.(scene);
    this.set();
    const { domElement } = this.renderer;
    domElement.className = "avatar";
    Object.assign(domElement.style, { position: "absolute", inset: "0", width: "100%", height: "100%" });
    domElement.addEventListener("webglcontextrestored", () => this.wake());
    this.place.replaceChildren(domElement);
    new ResizeObserver(() => this.measure()).observe(this.place);
    this.measure();
  }

  /** Puts her before the camera, in light, with her arms down. */
  set() {
    const { three, vrm } = this;
    this.scene = new three.Scene();
    this.scene.add(vrm.scene);
    const light = new three.DirectionalLight(0xffffff, Math.PI * 0.8);
    light.position.set(0.6, 1.4, 2);
    this.scene.add(light, new three.HemisphereLight(0xffffff, 0xd8c8d8, Math.PI * 0.35));
    this.camera = new three.PerspectiveCamera(ANGLE, 1, 0.1, 50);
    this.target = new three.Object3D();
    this.scene.add(this.target);
    if (vrm.lookAt) vrm.lookAt.target = this.target;
    vrm.scene.updateMatrixWorld(true);
    const at = (name) => vrm.humanoid.getRawBoneNode(name).getWorldPosition(new three.Vector3());
    const [head, hips] = [at("head"), at("hips")];
    const torso = Math.max(head.y - hips.y, 0.05);
    this.eyes = { x: head.x, y: head.y + torso * 0.12, z: head.z };
    const seen = (ABOVE + BELOW) * torso;
    this.distance = seen / 2 / Math.tan((ANGLE / 2) * TURN);
    this.camera.position.set(head.x, head.y + ((ABOVE - BELOW) * torso) / 2, head.z + this.distance);
    const side = vrm.meta?.metaVersion === "0" ? 1 : -1; // models of 0.x look the other way
    this.turnBone("leftUpperArm", { z: side * ARMS });
    this.turnBone("rightUpperArm", { z: -side * ARMS });
    this.hand = { side };
  }

  turnBone(name, { x = 0, y = 0, z = 0 }) {
    this.vrm.humanoid.getNormalizedBoneNode(name)?.rotation.set(x, y, z);
  }

  measure() {
    const { clientWidth: width, clientHeight: height } = this.place;
    if (!width || !height) return;
    this.renderer.setPixelRatio(Math.min(window.devicePixelRatio || 1, this.ratio));
    this.renderer.setSize(width, height, false);
    this.camera.aspect = width / height;
    this.camera.updateProjectionMatrix();
    this.wake();
  }

  feel(mood) {
    this.mood = mood;
  }

  get shown() {
    return { mood: this.mood, mouth: this.mouth, weights: Object.fromEntries(this.weights) };
  }

  draw(pose, open, shape, time) {
    const passed = Math.min(Math.max(time - this.last, 0), 0.2);
    this.last = time;
    this.express(pose, open, shape, passed);
    const { vrm } = this;
    const back = 1 - open * 0.3;
    this.turnBone("chest", { x: pose.breath * 0.012 });
    this.turnBone("spine", { x: pose.breath * 0.006, z: -pose.tilt * TURN * 0.3 });
    this.turnBone("neck", { x: (pose.y / 13) * 0.12 * back, y: (pose.x / 11) * 0.2, z: -pose.tilt * TURN * 0.4 });
    this.turnBone("head", { x: pose.y * 0.008 + pose.breath * 0.01, y: pose.gaze.x * 0.1, z: -pose.tilt * TURN * 0.6 });
    const hips = vrm.humanoid.getNormalizedBoneNode("hips");
    this.stand ??= hips.position.y;
    hips.position.y = this.stand * (1 + pose.breath * 0.001 - pose.bodyY * 0.002);
    this.wave(pose);
    this.target.position.set(this.eyes.x + pose.gaze.x * this.distance * 0.35, this.eyes.y - pose.gaze.y * this.distance * 0.25, this.eyes.z + this.distance);
    vrm.update(passed);
    this.renderer.render(this.scene, this.camera);
    return true;
  }

  wave({ raised, hand }) {
    const { side } = this.hand;
    this.turnBone("rightUpperArm", { z: -side * (ARMS - raised * (ARMS + 0.5)) });
    this.turnBone("rightLowerArm", { z: side * raised * (1.5 + hand * TURN) });
  }

  express({ lids }, open, shape, passed) {
    const wanted = new Map([["blink", 1 - lids]]);
    const vowel = EXPRESSIONS[shape] || (open > 0.1 ? "aa" : "");
    this.mouth = open > 0.1 ? vowel : "closed";
    for (const name of Object.values(EXPRESSIONS)) if (name) wanted.set(name, name === vowel ? open : 0);
    const { expressionManager: manager } = this.vrm;
    if (!manager) return;
    const mood = manager.getExpression(this.mood) ? this.mood : FEELS[this.mood] ?? "";
    for (const name of new Set([...Object.values(FEELS), mood])) if (name) wanted.set(name, name === mood ? 1 - open * 0.4 : 0);
    for (const [name, weight] of wanted) {
      const before = this.weights.get(name) ?? 0;
      const quick = name === "blink" ? 1 : 1 - Math.exp(-passed / 0.06);
      const now = before + (weight - before) * quick;
      this.weights.set(name, now);
      manager.setValue(name, now);
    }
  }
}

/** Whether this browser has no graphics card for what is drawn in 3D. */
function isDrawnByProcessor() {
  const context = document.createElement("canvas").getContext("webgl2");
  const names = context?.getExtension("WEBGL_debug_renderer_info");
  const name = context?.getParameter(names ? names.UNMASKED_RENDERER_WEBGL : context.RENDERER) ?? "";
  context?.getExtension("WEBGL_lose_context")?.loseContext();
  return SOFTWARE.test(name);
}
