#pragma once
#include "tensorflow/lite/interpreter.h"

namespace tflite::ops::builtin {
class BuiltinOpResolver {
 public:
  void AddCustom(const char* name, const TfLiteRegistration* registration, int version = 1);
};
}  // namespace tflite::ops::builtin
