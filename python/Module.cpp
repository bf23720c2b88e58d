// SPDX-License-Identifier: Apache-2.0
/// \file
/// The extension module `dlc._dlc`: names, arguments and exceptions; the work is done in Model.cpp.
#include "python/Model.h"

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

namespace nb = nanobind;
using namespace nb::literals;
using namespace dlc::python;

namespace {

struct Tensor {
  std::string name, type;
  nb::list shape; ///< ints, names of symbols, and "?" for an extent that only a run knows
};

struct EntryPoint {
  std::string name;
  std::vector<Tensor> inputs, outputs, states;
};

std::vector<Tensor> describe(const dlc_tensor_info *infos, uint32_t count, const dlc_entry_point &entry) {
  std::vector<Tensor> tensors;
  for (uint32_t i = 0; i < count; ++i) {
    Tensor tensor{infos[i].name, dlc_element_name(infos[i].element_type), {}};
    for (uint32_t d = 0; d < infos[i].rank; ++d) {
      dlc_int64 dim = infos[i].dims[d];
      if (dim >= 0)
        tensor.shape.append(dim);
      else if (dim == DLC_DIM_COMPUTED)
        tensor.shape.append("?");
      else
        tensor.shape.append(entry.symbols[-(dim + 1)].name);
    }
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

std::vector<EntryPoint> entryPoints(const Model &model) {
  std::vector<EntryPoint> result;
  for (uint32_t i = 0; i < model.description().entry_count; ++i) {
    const dlc_entry_point &entry = model.description().entries[i];
    result.push_back({entry.name, describe(entry.inputs, entry.input_count, entry),
                      describe(entry.outputs, entry.output_count, entry),
                      describe(entry.states, entry.state_count, entry)});
  }
  return result;
}

std::string tensorText(const Tensor &tensor) {
  return tensor.name + ": " + tensor.type + nb::cast<std::string>(nb::str(tensor.shape));
}

/// Arrays by name, in the order of `infos`; a missing one is null.
template <typename AnyArray>
std::vector<std::unique_ptr<AnyArray>> byName(nb::dict arrays, const dlc_tensor_info *infos, uint32_t count,
                                              const char *what) {
  std::vector<std::unique_ptr<AnyArray>> result(count);
  for (auto [key, value] : arrays) {
    auto name = nb::cast<std::string>(key);
    uint32_t i = 0;
    while (i < count && name != infos[i].name)
      ++i;
    if (i == count) {
      std::string known;
      for (uint32_t k = 0; k < count; ++k)
        known += (k ? ", '" : "'") + std::string(infos[k].name) + "'";
      throw dlc::Error(DLC_ERROR_NOT_FOUND,
                       std::string("there is no ") + what + " '" + name + "'; the model has " + known);
    }
    result[i] = std::make_unique<AnyArray>(nb::cast<AnyArray>(value));
  }
  return result;
}

nb::dict runByName(Model &model, nb::dict inputs, const std::string &entryName, nb::dict outputs) {
  const dlc_entry_point &entry = model.entry(entryName);
  std::vector<Array> arrays;
  auto named = byName<Array>(inputs, entry.inputs, entry.input_count, "input");
  for (uint32_t i = 0; i < entry.input_count; ++i) {
    if (!named[i])
      throw dlc::Error(DLC_ERROR_COUNT, std::string("input '") + entry.inputs[i].name + "' is missing");
    arrays.push_back(*named[i]);
  }
  auto results = model.run(entry, arrays, byName<WritableArray>(outputs, entry.outputs, entry.output_count, "output"));
  nb::dict dict;
  for (uint32_t i = 0; i < entry.output_count; ++i)
    dict[entry.outputs[i].name] = results[i];
  return dict;
}

nb::object call(Model &model, nb::args inputs) {
  std::vector<Array> arrays;
  for (nb::handle input : inputs)
    arrays.push_back(nb::cast<Array>(input));
  auto results = model.run(model.description().entries[0], arrays, {});
  if (results.size() == 1)
    return results[0];
  nb::list list;
  for (nb::object &result : results)
    list.append(result);
  return nb::tuple(list);
}

} // namespace

NB_MODULE(_dlc, module) {
  module.doc() = "Model libraries made by dlc";

  static nb::object errorClass = nb::exception<dlc::Error>(module, "Error");
  errorClass.doc() = "A call that a model refused. `status` is the code of dlc/abi.h.";
  nb::register_exception_translator([](const std::exception_ptr &pointer, void *) {
    try {
      std::rethrow_exception(pointer);
    } catch (const dlc::Error &error) {
      nb::object instance = errorClass(error.what());
      instance.attr("status") = error.status();
      PyErr_SetObject(errorClass.ptr(), instance.ptr());
    }
  });

  nb::class_<Tensor>(module, "Tensor", "An input or output of an entry point.")
      .def_ro("name", &Tensor::name)
      .def_ro("type", &Tensor::type, "The element type: f32, i64, ...")
      .def_ro("shape", &Tensor::shape, "Extents: integers, names of symbolic dimensions, or '?'")
      .def("__repr__", &tensorText);
  nb::class_<EntryPoint>(module, "EntryPoint", "A function of a model.")
      .def_ro("name", &EntryPoint::name)
      .def_ro("inputs", &EntryPoint::inputs)
      .def_ro("outputs", &EntryPoint::outputs)
      .def_ro("states", &EntryPoint::states, "What the model keeps from one run to the next")
      .def("__repr__", [](const EntryPoint &entry) {
        auto join = [](const std::vector<Tensor> &tensors) {
          std::string text;
          for (const Tensor &tensor : tensors)
            text += (text.empty() ? "" : ", ") + tensorText(tensor);
          return text;
        };
        return entry.name + "(" + join(entry.inputs) + ") -> (" + join(entry.outputs) + ")";
      });
  nb::class_<Model>(module, "Model", "A compiled model: a library opened, prepared and ready to run.")
      .def(
          "__init__",
          [](Model *self, nb::handle path, uint32_t threads) {
            auto text = nb::cast<std::string>(nb::module_::import_("os").attr("fspath")(path));
            new (self) Model(text, threads);
          },
          "path"_a, "threads"_a = 1, "Opens the library at `path`; runs use `threads` threads, the caller's included.")
      .def_prop_ro("name", [](const Model &model) { return model.description().name; })
      .def_prop_ro("target", [](const Model &model) { return model.description().target; })
      .def_prop_ro("entry_points", &entryPoints)
      .def("run", &runByName, "inputs"_a, "entry"_a = "run", "outputs"_a = nb::dict(),
           "Runs an entry point on arrays by name; returns its outputs by name. Arrays in `outputs` are written in "
           "place.")
      .def("reset", &Model::reset, "Forgets what the model keeps from one run to the next.")
      .def("get_state", &Model::readState, "name"_a, "A copy of the state called `name`.")
      .def("set_state", &Model::writeState, "name"_a, "value"_a,
           "Overwrites the state called `name`; element type and shape are checked.")
      .def("__call__", &call, "inputs"_a,
           "Runs the first entry point on arrays in order; returns one array, or a tuple of several.");
}
