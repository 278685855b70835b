// What classify.cc uses of libedgetpu, declared only.
#pragma once
#include <memory>

#include "tensorflow/lite/interpreter.h"

namespace edgetpu {
static const char kCustomOp[] = "edgetpu-custom-op";
class EdgeTpuContext : public TfLiteExternalContext {};
class EdgeTpuManager {
 public:
  static EdgeTpuManager* GetSingleton();
  virtual std::shared_ptr<EdgeTpuContext> OpenDevice() = 0;
};
TfLiteRegistration* RegisterCustomOp();
}  // namespace edgetpu
