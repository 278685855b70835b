/* A stand-in for libedgetpu with its entry points: tests compile it and load it as a delegate.

   It claims the nodes named edgetpu-custom-op and fills their outputs with 7. What it does wrong is
   chosen by the environment variable STUB_EDGETPU: "refuse" (as without a device), "crash" and
   "hang" (when it is created), "crash_late", "old_runtime" and "refuse_model" (when the model is
   prepared). STUB_DEVICES is how many devices it lists. A model can choose for itself, by words in
   its package: "delay_us=2000" for each inference, "upload_us=" once after another model has run,
   "drift_us=" added with every inference, "does=hang" and "does=crash" when it is run.

   TensorFlow's wheel holds no TFLite C headers; the structures below are declared after
   tensorflow/lite/core/c/common.h (Apache-2.0), unchanged in size from TensorFlow 2.14 on. */

#define _GNU_SOURCE
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct { int size; int data[]; } IntArray;

typedef struct {
  int type;
  void *data;
  IntArray *dims;
  struct { float scale; int32_t zero_point; } params;
  int allocation_type;
  size_t bytes;
  const void *allocation;
  const char *name;
  void *delegate;
  int buffer_handle;
  _Bool data_is_stale, is_variable;
  struct { int type; void *params; } quantization;
  void *sparsity;
  const IntArray *dims_signature;
} Tensor;

typedef struct {
  IntArray *inputs, *outputs, *intermediates, *temporaries;
  void *user_data, *builtin_data;
  const void *custom_initial_data;
  int custom_initial_data_size;
} Node;

typedef struct Context Context;
typedef struct Delegate Delegate;

typedef struct {
  void *(*init)(Context *, const char *, size_t);
  void (*free)(Context *, void *);
  int (*prepare)(Context *, Node *);
  int (*invoke)(Context *, Node *);
  const char *(*profiling_string)(const Context *, const Node *);
  int32_t builtin_code;
  const char *custom_name;
  int version;
  void *registration_external;
  void *(*async_kernel)(Context *, Node *);
  uint64_t inplace_operator;
} Registration;

struct Context {
  size_t tensors_size;
  int (*get_execution_plan)(Context *, IntArray **);
  Tensor *tensors;
  void *impl;
  int (*resize_tensor)(Context *, Tensor *, IntArray *);
  void (*report_error)(Context *, const char *, ...);
  int (*add_tensors)(Context *, int, int *);
  int (*get_node_and_registration)(Context *, int, Node **, Registration **);
  int (*replace_nodes)(Context *, Registration, const IntArray *, Delegate *);
};

struct Delegate {
  void *data;
  int (*prepare)(Context *, Delegate *);
  int (*copy_from_buffer_handle)(Context *, Delegate *, int, Tensor *);
  int (*copy_to_buffer_handle)(Context *, Delegate *, int, Tensor *);
  void (*free_buffer_handle)(Context *, Delegate *, int *);
  int64_t flags;
  void *opaque_delegate_builder;
};

static int is(const char *wanted) {
  const char *chosen = getenv("STUB_EDGETPU");
  return chosen && !strcmp(chosen, wanted);
}

static int number(const char *name) {
  const char *text = getenv(name);
  return text ? atoi(text) : 0;
}

typedef struct { int delay_us, upload_us, drift_us, hangs, crashes, runs; } Model;

static const Model *resident;

static const char *find(const char *buffer, size_t length, const char *word) {
  return memmem(buffer, length, word, strlen(word));
}

static int word_number(const char *buffer, size_t length, const char *word) {
  const char *found = find(buffer, length, word);
  return found ? atoi(found + strlen(word)) : 0;
}

static Model *read_words(const char *buffer, size_t length) {
  Model *model = calloc(1, sizeof(Model));
  model->delay_us = word_number(buffer, length, "delay_us=");
  model->upload_us = word_number(buffer, length, "upload_us=");
  model->drift_us = word_number(buffer, length, "drift_us=");
  model->hangs = find(buffer, length, "does=hang") != NULL;
  model->crashes = find(buffer, length, "does=crash") != NULL;
  return model;
}

/* After replace_nodes, init is given the parameters of the delegate's kernel; the words of a model
   are in the options of the nodes it replaces. */
typedef struct { Delegate *delegate; IntArray *nodes, *inputs, *outputs; } DelegateParams;

static void *init(Context *context, const char *buffer, size_t length) {
  (void)length;
  puts("stub_edgetpu: initialised"); /* native libraries print, wherever standard output goes */
  fflush(stdout);
  const DelegateParams *params = (const DelegateParams *)buffer;
  Node *node;
  Registration *registration;
  if (context->get_node_and_registration(context, params->nodes->data[0], &node, &registration))
    return NULL;
  return read_words(node->custom_initial_data, node->custom_initial_data_size);
}

static void release(Context *context, void *model) {
  (void)context;
  if (resident == model) resident = NULL;
  free(model);
}

static int prepare(Context *context, Node *node) {
  (void)node;
  if (is("old_runtime"))
    context->report_error(context, "Failed precondition: Package requires runtime version (%d), "
                          "which is newer than this runtime version (%d).", 14, 13);
  return is("old_runtime") || is("refuse_model");
}

static int invoke(Context *context, Node *node) {
  Model *model = node->user_data;
  if (model->crashes) abort();
  while (model->hangs) pause();
  if (resident != model) usleep(model->upload_us);
  resident = model;
  usleep(model->delay_us + model->drift_us * model->runs++);
  for (int i = 0; i < node->outputs->size; i++) {
    Tensor *tensor = &context->tensors[node->outputs->data[i]];
    memset(tensor->data, 7, tensor->bytes);
  }
  return 0;
}

static int claim(Context *context, Delegate *delegate) {
  if (is("crash_late")) abort();
  IntArray *plan;
  if (context->get_execution_plan(context, &plan)) return 1;
  IntArray *claimed = calloc(1, sizeof(IntArray) + plan->size * sizeof(int));
  for (int i = 0; i < plan->size; i++) {
    Node *node;
    Registration *registration;
    if (context->get_node_and_registration(context, plan->data[i], &node, &registration)) return 1;
    if (registration->custom_name && !strcmp(registration->custom_name, "edgetpu-custom-op"))
      claimed->data[claimed->size++] = plan->data[i];
  }
  Registration kernel = {.init = init, .free = release, .prepare = prepare, .invoke = invoke,
                         .custom_name = "stub_edgetpu", .version = 1};
  int status = context->replace_nodes(context, kernel, claimed, delegate);
  free(claimed);
  return status;
}

Delegate *tflite_plugin_create_delegate(char **keys, char **values, size_t count,
                                        void (*report)(const char *)) {
  (void)keys, (void)values, (void)count, (void)report;
  if (is("refuse")) return NULL;
  if (is("crash")) abort();
  if (is("hang")) pause();
  Delegate *delegate = calloc(1, sizeof(Delegate));
  delegate->prepare = claim;
  delegate->flags = 1; /* may have dynamic tensors: nothing is prepared before it has claimed */
  return delegate;
}

void tflite_plugin_destroy_delegate(Delegate *delegate) { free(delegate); }

struct edgetpu_device { int type; const char *path; };

struct edgetpu_device *edgetpu_list_devices(size_t *count) {
  static struct edgetpu_device devices[] = {{1, "/sys/bus/usb/devices/2-1"}, {0, "/dev/apex_0"}};
  *count = number("STUB_DEVICES");
  return *count ? devices : NULL;
}

void edgetpu_free_devices(struct edgetpu_device *devices) { (void)devices; }

const char *edgetpu_version(void) { return "BuildLabel(stub), RuntimeVersion(14)"; }
