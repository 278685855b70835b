#pragma once
#include <memory>

#include "tensorflow/lite/kernels/register.h"

namespace tflite {
class FlatBufferModel {
 public:
  static std::unique_ptr<FlatBufferModel> BuildFromFile(const char* filename);
};
class InterpreterBuilder {
 public:
  InterpreterBuilder(const FlatBufferModel& model, const ops::builtin::BuiltinOpResolver& resolver);
  TfLiteStatus operator()(std::unique_ptr<Interpreter>* interpreter);
};
}  // namespace tflite
