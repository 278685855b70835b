"""The source of a C++ program that classifies pictures with an exported network."""

from collections.abc import Sequence
from string import Template

from nas.network.tflite import parse_network

CPP = "classify.cc"

_SOURCE = Template("""\
// Classifies pictures with the network in this folder, on an Edge TPU or on the CPU.
//
//   ./classify picture.ppm [more.ppm ...]
//
// A picture is a binary PPM (P6) of $width x $height pixels, which is what the network takes:
//   convert picture.jpg -resize '${width}x$height!' picture.ppm
//
// A starting point, to be built against your own TensorFlow Lite and libedgetpu, which have to
// match (coral.ai/docs/edgetpu/tflite-cpp): -std=c++17 -ltensorflow-lite -ledgetpu
// Its makers checked its syntax and could neither link nor run it. On the same PPM it has to say
// what classify.py says.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "edgetpu.h"
#include "tensorflow/lite/interpreter.h"
#include "tensorflow/lite/kernels/register.h"
#include "tensorflow/lite/model.h"

namespace {

constexpr int kHeight = $height, kWidth = $width, kChannels = $channels;
const char* const kLabels[] = {
$labels
};
constexpr int kClasses = sizeof(kLabels) / sizeof(kLabels[0]);

// Reads the pixels of a PPM, row by row, red, green and blue; nothing if it is of another size.
std::vector<uint8_t> ReadPicture(const char* path) {
  std::ifstream file(path, std::ios::binary);
  std::string format;
  int width = 0, height = 0, largest = 0;
  file >> format >> width >> height >> largest;
  file.get();  // one white space ends the header
  if (format != "P6" || width != kWidth || height != kHeight || largest != 255) return {};
  std::vector<uint8_t> pixels(kHeight * kWidth * kChannels);
  file.read(reinterpret_cast<char*>(pixels.data()), static_cast<std::streamsize>(pixels.size()));
  if (!file) return {};
  return pixels;
}

// Returns an Edge TPU, if there is one and something to run on it.
std::shared_ptr<edgetpu::EdgeTpuContext> OpenTpu() {
  edgetpu::EdgeTpuManager* const manager = edgetpu::EdgeTpuManager::GetSingleton();
  if (!manager || !std::ifstream("model_edgetpu.tflite")) return nullptr;
  return manager->OpenDevice();
}

int8_t Quantized(float value, const TfLiteQuantizationParams& params) {
  const float level = std::round(value / params.scale) + params.zero_point;
  return static_cast<int8_t>(std::min(127.0f, std::max(-128.0f, level)));
}

}  // namespace

int main(int count, char** paths) {
  const std::shared_ptr<edgetpu::EdgeTpuContext> tpu = OpenTpu();
  const char* const file = tpu ? "model_edgetpu.tflite" : "model.tflite";
  const auto model = tflite::FlatBufferModel::BuildFromFile(file);
  tflite::ops::builtin::BuiltinOpResolver resolver;
  resolver.AddCustom(edgetpu::kCustomOp, edgetpu::RegisterCustomOp());
  std::unique_ptr<tflite::Interpreter> interpreter;
  if (!model || tflite::InterpreterBuilder(*model, resolver)(&interpreter) != kTfLiteOk) {
    std::cerr << file << ": cannot be read\\n";
    return 1;
  }
  if (tpu) interpreter->SetExternalContext(kTfLiteEdgeTpuContext, tpu.get());
  interpreter->SetNumThreads(1);
  if (interpreter->AllocateTensors() != kTfLiteOk) {
    std::cerr << file << ": cannot be run\\n";
    return 1;
  }
  const TfLiteQuantizationParams in = interpreter->input_tensor(0)->params;
  const TfLiteQuantizationParams out = interpreter->output_tensor(0)->params;
  for (int index = 1; index < count; ++index) {
    const std::vector<uint8_t> pixels = ReadPicture(paths[index]);
    if (pixels.empty()) {
      std::cerr << paths[index] << ": no PPM of " << kWidth << " x " << kHeight << " pixels\\n";
      return 2;
    }
    int8_t* const input = interpreter->typed_input_tensor<int8_t>(0);
    for (size_t i = 0; i < pixels.size(); ++i) input[i] = Quantized(pixels[i], in);
    if (interpreter->Invoke() != kTfLiteOk) return 1;
    const int8_t* const scores = interpreter->typed_output_tensor<int8_t>(0);
    const int best = static_cast<int>(std::max_element(scores, scores + kClasses) - scores);
    std::cout << paths[index] << '\\t' << kLabels[best] << '\\t'
              << (scores[best] - out.zero_point) * out.scale << '\\n';
  }
  return 0;
}
""")


def cpp_source(content: bytes, labels: Sequence[str]) -> str:
    """Return the program for a network.

    Args:
        content: The int8 ``.tflite`` file, which takes pictures.
        labels: Class names by label.
    """
    _, height, width, channels = parse_network(content).inputs[0].shape
    return _SOURCE.substitute(
        height=height,
        width=width,
        channels=channels,
        labels="\n".join(f"    {_literal(label)}," for label in labels),
    )


def _literal(text: str) -> str:
    """Return a C++ literal of a text's UTF-8 bytes, in three octal digits each but for plain ones.

    Three octal digits end an escape, whatever follows; ``?`` could begin a trigraph.
    """
    plain = set(range(0x20, 0x7F)) - set(b'"\\?')
    return '"' + "".join(chr(b) if b in plain else f"\\{b:03o}" for b in text.encode()) + '"'
