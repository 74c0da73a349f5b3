// @vladmandic/face-api in Node on WebAssembly; the same questions and answers as worker.py.
// node face_api.js DETECTOR FRAMES.npy FACES.npy SCENES.npy; DETECTOR: tiny or ssd
"use strict";
const fs = require("fs");
const path = require("path");
const readline = require("readline");
const tf = require("@tensorflow/tfjs");
const wasm = require("@tensorflow/tfjs-backend-wasm");
const faceapi = require("@vladmandic/face-api/dist/face-api.node-wasm.js");

const NAMES = {
  angry: "angry", disgusted: "disgust", fearful: "fear", happy: "happy",
  sad: "sad", surprised: "surprise", neutral: "neutral",
};

// The uint8 rows of a .npy file, read from the disk one by one.
function openRows(file) {
  const descriptor = fs.openSync(file, "r");
  const head = Buffer.alloc(10);
  fs.readSync(descriptor, head, 0, 10, 0);
  const length = head.readUInt16LE(8);
  const said = Buffer.alloc(length);
  fs.readSync(descriptor, said, 0, length, 10);
  const shape = /'shape': \(([^)]*)\)/.exec(said.toString())[1]
    .split(",").filter((side) => side.trim()).map(Number);
  const size = shape.slice(1).reduce((product, side) => product * side, 1);
  return (row) => {
    const bytes = Buffer.alloc(size);
    fs.readSync(descriptor, bytes, 0, size, 10 + length + row * size);
    return tf.tensor(bytes, shape.slice(1), "int32");
  };
}

// Not resourceUsage: that remembers the memory of the process that started this one.
function peakMb() {
  return Number(/VmHWM:\s+(\d+)/.exec(fs.readFileSync("/proc/self/status", "ascii"))[1]) / 976.5625;
}

const best = (expressions) =>
  NAMES[Object.keys(NAMES).reduce((a, b) => (expressions[a] >= expressions[b] ? a : b))];

async function main() {
  const [detector, framesFile, facesFile, scenesFile] = process.argv.slice(2);
  const say = (answer) => process.stdout.write(JSON.stringify(answer) + "\n");
  console.log = console.info = console.warn = console.error;
  wasm.setWasmPaths(path.dirname(require.resolve("@tensorflow/tfjs-backend-wasm")) + "/");
  await tf.setBackend("wasm");
  await tf.ready();
  const models = path.join(path.dirname(require.resolve("@vladmandic/face-api/package.json")), "model");
  const isTiny = detector === "tiny";
  await (isTiny ? faceapi.nets.tinyFaceDetector : faceapi.nets.ssdMobilenetv1).loadFromDisk(models);
  await faceapi.nets.faceExpressionNet.loadFromDisk(models);
  const options = isTiny ? new faceapi.TinyFaceDetectorOptions() : new faceapi.SsdMobilenetv1Options();
  const frames = openRows(framesFile);
  const faces = openRows(facesFile);
  const scenes = openRows(scenesFile);
  const see = (frame) => faceapi.detectAllFaces(frame, options).withFaceExpressions();
  // Pixels are RGB there.
  const rgb = (pictures, row) => tf.tidy(() => tf.reverse(pictures(row), 2));
  const first = rgb(frames, 0);
  await see(first);
  first.dispose();
  say({ ready: true });
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const [what, begin, count] = line.split(" ");
    const rows = Array.from({ length: Number(count) }, (_, n) => Number(begin) + n);
    if (what === "faces") {
      const emotions = [];
      for (const row of rows) {
        const picture = tf.tidy(() => tf.tile(tf.expandDims(faces(row), 2), [1, 1, 3]));
        emotions.push(best(await faceapi.nets.faceExpressionNet.predictExpressions(picture)));
        picture.dispose();
      }
      say({ emotions });
      continue;
    }
    if (what === "scenes") {
      const emotions = [];
      for (const row of rows) {
        const picture = rgb(scenes, row);
        const found = await see(picture);
        emotions.push(found.length ? best(found[0].expressions) : null);
        picture.dispose();
      }
      say({ emotions });
      continue;
    }
    const pictures = rows.map((row) => rgb(frames, row));
    const ms = [];
    let found = 0;
    const before = process.cpuUsage();
    for (const picture of pictures) {
      const began = performance.now();
      found += Math.min(1, (await see(picture)).length);
      ms.push(performance.now() - began);
    }
    const used = process.cpuUsage(before);
    pictures.forEach((picture) => picture.dispose());
    say({
      ms, found, cpu_ms: (used.user + used.system) / 1e3,
      peak_mb: peakMb(),
    });
  }
}

main().catch((error) => { console.error(String(error.stack || error)); process.exit(1); });
