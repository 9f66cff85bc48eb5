// What overlays/avatars/vrm/avatar.js uses; nothing else of the two libraries goes into the file.

export { Box3, Clock, DirectionalLight, HemisphereLight, Object3D, PerspectiveCamera, Scene, SRGBColorSpace, Vector3, WebGLRenderer } from "three";
export { GLTFLoader } from "three/examples/jsm/loaders/GLTFLoader.js";
export { VRMLoaderPlugin, VRMUtils } from "@pixiv/three-vrm";
