// SPDX-License-Identifier: Apache-2.0
#include "python/Model.h"

#include "python/ArrayMemory.h"
#include "python/Interruption.h"
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <unistd.h>

namespace nb = nanobind;

namespace dlc::python {

namespace {

/// An array as the runtime sees it; owns the shape and strides that `tensor` points to.
struct TensorView {
  std::vector<dlc_int64> shape, strides;
  dlc_tensor tensor = {};

  template <typename AnyArray> TensorView(const AnyArray &array, uint32_t expectedType) {
    for (size_t i = 0; i < array.ndim(); ++i) {
      shape.push_back(static_cast<dlc_int64>(array.shape(i)));
      strides.push_back(array.stride(i));
    }
    tensor.data = const_cast<void *>(static_cast<const void *>(array.data()));
    tensor.device.type = array.device_type();
    tensor.device.id = array.device_id();
    tensor.ndim = static_cast<dlc_int32>(array.ndim());
    auto type = array.dtype();
    tensor.dtype = {type.code, type.bits, type.lanes};
    if (type == arrayType(expectedType))
      tensor.dtype = {static_cast<uint8_t>(expectedType >> 8), static_cast<uint8_t>(expectedType), 1};
    tensor.shape = shape.data();
    tensor.strides = strides.data();
  }
  // The tensor points into the vectors, whose buffers survive a move but not a copy.
  TensorView(TensorView &&) = default;
  TensorView(const TensorView &) = delete;
};

/// New memory as a NumPy array, aligned for SIMD.
std::unique_ptr<WritableArray> allocate(uint32_t elementType, const std::vector<size_t> &shape) {
  auto type = arrayType(elementType);
  size_t bytes = type.bits / 8;
  for (size_t extent : shape)
    if (__builtin_mul_overflow(bytes, extent, &bytes))
      throw std::bad_alloc();
  constexpr size_t alignment = 64;
  void *data = std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment + (bytes ? 0 : alignment));
  if (!data)
    throw std::bad_alloc();
  nb::capsule owner(data, [](void *memory) noexcept { std::free(memory); });
  return std::make_unique<WritableArray>(data, shape.size(), shape.data(), owner, nullptr, type);
}

/// Memory of a GPU that an array owns.
struct DeviceMemory {
  dlc::Library library; // outlives the context
  dlc::Context context;
  void *data;
  ~DeviceMemory() { dlc_device_release(context.get(), data); }
};

bool isOnDevice(int32_t type) { return type == DLC_DEVICE_CUDA; }

/// `array` for Python: NumPy's, or on a GPU an object that other libraries take by DLPack.
nb::object toPython(const WritableArray &array) {
  if (isOnDevice(array.device_type()))
    return nb::cast(nb::ndarray<nb::array_api>(array));
  return nb::cast(nb::ndarray<nb::numpy>(array));
}

/// The elements at `data` as an array of `shape`.
nb::object copy(const void *data, uint32_t elementType, const std::vector<size_t> &shape) {
  auto array = allocate(elementType, shape);
  size_t bytes = arrayType(elementType).bits / 8;
  for (size_t extent : shape)
    bytes *= extent;
  if (bytes)
    std::memcpy(array->data(), data, bytes);
  return nb::cast(nb::ndarray<nb::numpy>(*array));
}

/// The elements at the beginning of `array`, whose Python object is `object`, as an array of `shape`: a view of memory
/// of the caller's, and a copy of memory that is allocated for more elements.
nb::object shrink(const nb::object &object, const WritableArray &array, uint32_t elementType,
                  const std::vector<size_t> &shape, bool isAllocated) {
  bool isWhole = true;
  for (size_t i = 0; i < shape.size(); ++i)
    isWhole &= shape[i] == array.shape(i);
  if (isAllocated && isWhole)
    return object;
  if (isOnDevice(array.device_type()))
    return toPython(WritableArray(array.data(), shape.size(), shape.data(), object, nullptr, arrayType(elementType),
                                  array.device_type(), array.device_id()));
  if (!isAllocated)
    return nb::cast(
        nb::ndarray<nb::numpy>(array.data(), shape.size(), shape.data(), object, nullptr, arrayType(elementType)));
  return copy(array.data(), elementType, shape);
}

} // namespace

/// What a model's context is made with.
static dlc_context_options makeOptions(uint32_t threads, bool flushDenormals, const std::string &device,
                                       uint64_t stream) {
  dlc_context_options options =
      dlc::onDevice(dlc::contextOptions(threads, nullptr, flushDenormals ? DLC_CONTEXT_FLUSH_DENORMALS : 0), device);
  options.stream = reinterpret_cast<void *>(stream);
  return options;
}

Model::Model(const std::string &path, uint32_t threads, bool flushDenormals, const std::string &device, uint64_t stream)
    : libraryPath(std::filesystem::absolute(path)), threadCount(threads), isFlushing(flushDenormals), library(path),
      context(library.model(), makeOptions(threads, flushDenormals, device, stream)),
      inUse(std::make_unique<std::mutex>()), process(getpid()) {}

void Model::check(dlc_int32 status) const {
  if (status == DLC_ERROR_VARIABLES && !bound && library.model()->variable_count)
    throw dlc::Error(status, std::string(dlc_context_message(context.get())) +
                                 ": make them by state = model.new_state(), and state.load(PATH) if they have been "
                                 "trained");
  if (status)
    throw dlc::Error(status, dlc_context_message(context.get()));
}

std::unique_lock<std::mutex> Model::enter() {
  // A thread that a fork has left behind in the parent never releases its locks. Python's own lock is held here.
  if (process != getpid()) {
    (void)inUse.release();
    inUse = std::make_unique<std::mutex>();
    process = getpid();
  }
  // Waiting must not hold Python's lock: the thread that has the context needs that one to finish.
  std::unique_lock<std::mutex> lock(*inUse, std::defer_lock);
  nb::gil_scoped_release release;
  lock.lock();
  return lock;
}

dlc_int32 Model::runInterruptibly(const dlc_entry_point &entry, const std::vector<dlc_tensor> &inputs,
                                  const std::vector<dlc_tensor> &outputs) {
  for (;;) {
    dlc_int32 status;
    bool isInterrupted;
    {
      Interruption interruption(context.get());
      nb::gil_scoped_release release;
      status = dlc_run(context.get(), &entry, inputs.data(), static_cast<uint32_t>(inputs.size()), outputs.data(),
                       static_cast<uint32_t>(outputs.size()));
      isInterrupted = interruption.end();
    }
    if (!isInterrupted)
      return status;
    context.resume();
    if (isCancelled)
      context.cancel();
    if (status != DLC_ERROR_CANCELLED)
      return status; // too late; the interpreter handles the signal
    if (PyErr_CheckSignals())
      throw nb::python_error();
    // The program's own handler raises nothing, so that the run is to go on. A cancelled one has changed nothing.
    if (isCancelled)
      return status;
  }
}

void Model::cancel() {
  isCancelled = true;
  context.cancel();
}

void Model::resume() {
  std::unique_lock<std::mutex> lock = enter();
  isCancelled = false;
  context.resume();
}

std::unique_ptr<WritableArray> Model::allocateOnDevice(uint32_t elementType, const std::vector<size_t> &shape) {
  auto type = arrayType(elementType);
  uint64_t bytes = type.bits / 8;
  for (size_t extent : shape)
    if (__builtin_mul_overflow(bytes, extent, &bytes))
      throw std::bad_alloc();
  auto memory = std::make_unique<DeviceMemory>(DeviceMemory{library, context, nullptr});
  check(dlc_device_allocate(context.get(), bytes, &memory->data));
  dlc_int32 device, id;
  dlc_context_program(context.get(), &device, &id);
  void *data = memory->data;
  nb::capsule owner(memory.release(), [](void *owned) noexcept { delete static_cast<DeviceMemory *>(owned); });
  return std::make_unique<WritableArray>(data, shape.size(), shape.data(), owner, nullptr, type, device, id);
}

std::vector<nb::object> Model::run(const dlc_entry_point &entry, const std::vector<Array> &inputs,
                                   std::vector<std::unique_ptr<WritableArray>> outputs,
                                   const std::vector<bool> &wanted) {
  std::unique_lock<std::mutex> lock = enter();
  std::vector<TensorView> views;
  for (size_t i = 0; i < inputs.size(); ++i)
    views.emplace_back(inputs[i], i < entry.input_count ? entry.inputs[i].element_type : 0);
  std::vector<dlc_tensor> inputTensors;
  for (const TensorView &view : views)
    inputTensors.push_back(view.tensor);

  std::vector<dlc_int64> symbols(entry.symbol_count + 1);
  check(dlc_infer_symbols(context.get(), &entry, inputTensors.data(), static_cast<uint32_t>(inputTensors.size()),
                          symbols.data()));
  size_t dimCount = 0;
  for (uint32_t i = 0; i < entry.output_count; ++i)
    dimCount += entry.outputs[i].rank;
  std::vector<dlc_int64> dims(dimCount + 1);
  check(dlc_output_shapes(context.get(), &entry, symbols.data(), dims.data()));

  std::vector<TensorView> outputViews;
  std::vector<dlc_tensor> outputTensors;
  outputs.resize(entry.output_count);
  std::vector<bool> isAllocated(entry.output_count);
  auto isWanted = [&](uint32_t i) { return wanted.empty() || wanted[i]; };
  // Libraries that are older than dlc_no_tensor want a buffer for everything.
  bool areOnDevice = false;
  for (const TensorView &view : views)
    areOnDevice |= isOnDevice(view.tensor.device.type);
  bool canOmit = DLC_HAS(dlc_runtime_api, context.get()->api, context_cancel);
  for (uint32_t i = 0, firstDim = 0; i < entry.output_count; firstDim += entry.outputs[i].rank, ++i) {
    auto shape = dims.begin() + firstDim;
    isAllocated[i] = !outputs[i];
    if (!isWanted(i) && canOmit) {
      outputTensors.push_back(dlc_no_tensor());
      continue;
    }
    bool isKept = entry.outputs[i].flags & DLC_TENSOR_UNBOUNDED;
    if (isKept && outputs[i])
      throw dlc::Error(DLC_ERROR_ARGUMENT, "output '" + std::string(entry.outputs[i].name) + "' of '" + entry.name +
                                               "' takes no array: only a run knows how large it is");
    if (isKept)
      outputs[i] = allocate(entry.outputs[i].element_type, std::vector<size_t>(entry.outputs[i].rank, 0));
    std::vector<size_t> extents(shape, shape + entry.outputs[i].rank);
    if (!outputs[i])
      outputs[i] = areOnDevice ? allocateOnDevice(entry.outputs[i].element_type, extents)
                               : allocate(entry.outputs[i].element_type, extents);
    outputViews.emplace_back(*outputs[i], entry.outputs[i].element_type);
    outputTensors.push_back(outputViews.back().tensor);
  }

  check(runInterruptibly(entry, inputTensors, outputTensors));
  if (profile && dlc_profile_is_half_full(profile.get()))
    check(dlc_profile_read(profile.get()));
  constexpr uint32_t isComputed = DLC_TENSOR_BOUNDED | DLC_TENSOR_UNBOUNDED;
  bool areComputed = false;
  for (uint32_t i = 0; i < entry.output_count; ++i)
    areComputed |= (entry.outputs[i].flags & isComputed) != 0;
  if (areComputed)
    check(dlc_result_shapes(context.get(), &entry, dims.data()));
  std::vector<nb::object> results;
  for (uint32_t i = 0, firstDim = 0; i < entry.output_count; firstDim += entry.outputs[i].rank, ++i) {
    if (!isWanted(i)) {
      results.push_back(nb::none());
      continue;
    }
    nb::object result = toPython(*outputs[i]);
    std::vector<size_t> shape(dims.begin() + firstDim, dims.begin() + firstDim + entry.outputs[i].rank);
    if (entry.outputs[i].flags & DLC_TENSOR_BOUNDED)
      result = shrink(result, *outputs[i], entry.outputs[i].element_type, shape, isAllocated[i]);
    else if (entry.outputs[i].flags & DLC_TENSOR_UNBOUNDED)
      result = copy(dlc_result_data(context.get(), &entry, i), entry.outputs[i].element_type, shape);
    results.push_back(result);
  }
  return results;
}

Array Model::makeScalar(uint32_t elementType, double value) {
  auto array = allocate(elementType, {});
  if (elementType == DLC_F32)
    *static_cast<float *>(array->data()) = static_cast<float>(value);
  else if (elementType == DLC_F64)
    *static_cast<double *>(array->data()) = value;
  else if (elementType == DLC_I64)
    *static_cast<int64_t *>(array->data()) = static_cast<int64_t>(value);
  else if (elementType == DLC_I32)
    *static_cast<int32_t *>(array->data()) = static_cast<int32_t>(value);
  else
    throw dlc::Error(DLC_ERROR_TYPE, std::string("a number cannot become ") + dlc_element_name(elementType) +
                                         ": give an array without dimensions");
  return Array(*array);
}

Model::~Model() {
  try {
    // The state may outlive the context, whose GPU has its values.
    if (bound)
      bound->block().pull();
  } catch (const dlc::Error &) { // NOLINT(bugprone-empty-catch): a destructor has nobody to tell
    // The GPU is lost: the state keeps what was last copied.
  }
}

void Model::bind(const State &state) {
  std::unique_lock<std::mutex> lock = enter();
  bindEntered(state);
}

void Model::bindEntered(const State &state) {
  if (state.block().model() != library.model())
    throw dlc::Error(DLC_ERROR_VARIABLES,
                     "the state belongs to another model, or to another loaded copy of its library: "
                     "create it with new_state, and load a checkpoint into it");
  // A GPU's copy of a block ends with the last context that has bound it.
  if (bound)
    bound->block().pull();
  check(dlc_variables_bind(context.get(), state.block().data(), state.block().bytes()));
  bound.emplace(state);
}

State Model::newState(int64_t seed) {
  State state(library);
  const dlc_entry_point *init = dlc_find_entry(library.model(), "init");
  std::unique_lock<std::mutex> lock = enter();
  bindEntered(state);
  if (init && init->input_count == 1 && !init->output_count && init->inputs[0].element_type == DLC_I64) {
    dlc_tensor input = dlc_tensor_of(&seed, DLC_I64, 0, nullptr);
    check(dlc_run(context.get(), init, &input, 1, nullptr, 0));
    state.prepareWeights();
  }
  return state;
}

dlc_profile *Model::startProfile() {
  std::unique_lock<std::mutex> lock = enter();
  if (profile)
    throw dlc::Error(DLC_ERROR_BUSY, "the model is being profiled already: end that profile first");
  dlc_error error;
  dlc_profile *made;
  if (dlc_int32 status = dlc_profile_create(context.get(), &error, &made))
    throw dlc::Error(status, error.message);
  profile.reset(made);
  return made;
}

void Model::readProfile(const std::function<void(const dlc_profile &)> &visit) {
  std::unique_lock<std::mutex> lock = enter();
  check(dlc_profile_read(profile.get()));
  visit(*profile);
}

void Model::stopProfile() {
  std::unique_lock<std::mutex> lock = enter();
  profile.reset();
}

void Model::reset() {
  std::unique_lock<std::mutex> lock = enter();
  check(dlc_context_reset(context.get()));
}

nb::object Model::readState(const std::string &name) {
  std::unique_lock<std::mutex> lock = enter();
  const dlc_tensor_info *info = dlc_find_state(library.model(), name.c_str());
  std::vector<dlc_int64> dims(info ? info->rank + 1 : 1);
  check(dlc_state_shape(context.get(), name.c_str(), dims.data()));
  auto array = allocate(info->element_type, {dims.begin(), dims.end() - 1});
  TensorView view(*array, info->element_type);
  check(dlc_state_read(context.get(), name.c_str(), &view.tensor));
  return nb::cast(nb::ndarray<nb::numpy>(*array));
}

void Model::writeState(const std::string &name, nb::handle value) {
  const dlc_tensor_info *info = dlc_find_state(library.model(), name.c_str());
  if (!info)
    throw dlc::Error(DLC_ERROR_NOT_FOUND,
                     "model '" + std::string(library.model()->name) + "' has no state '" + name + "'");
  const dlc_entry_point *owner = library.model()->entries;
  while (info < owner->states || info >= owner->states + owner->state_count)
    ++owner;
  Array array = toArray(value, info->element_type, "state '" + name + "' is " + describeTensor(*info, *owner));
  std::unique_lock<std::mutex> lock = enter();
  TensorView view(array, info->element_type);
  check(dlc_state_write(context.get(), name.c_str(), &view.tensor));
}

} // namespace dlc::python
