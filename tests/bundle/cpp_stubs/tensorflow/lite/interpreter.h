// What classify.cc uses of TensorFlow Lite, declared only: for a check of its syntax and types.
#pragma once
#include <cstddef>
#include <cstdint>

enum TfLiteStatus { kTfLiteOk = 0, kTfLiteError = 1 };
enum TfLiteExternalContextType { kTfLiteEdgeTpuContext = 2 };
struct TfLiteExternalContext {};
struct TfLiteRegistration;
struct TfLiteQuantizationParams {
  float scale;
  int32_t zero_point;
};
struct TfLiteTensor {
  TfLiteQuantizationParams params;
};

namespace tflite {
class Interpreter {
 public:
  TfLiteStatus AllocateTensors();
  TfLiteStatus Invoke();
  TfLiteStatus SetNumThreads(int num_threads);
  void SetExternalContext(TfLiteExternalContextType type, TfLiteExternalContext* ctx);
  TfLiteTensor* input_tensor(size_t index);
  const TfLiteTensor* output_tensor(size_t index) const;
  template <class T>
  T* typed_input_tensor(int index);
  template <class T>
  T* typed_output_tensor(int index);
};
}  // namespace tflite
