// SPDX-License-Identifier: Apache-2.0
// What version 6 of the ABI fixes: sizes of elements of arrays, and where fields are. A failure here is a break of
// the ABI.
#include "dlc/runtime_api.h"
#include <cstddef>

#define AT(type, field, offset) static_assert(offsetof(type, field) == (offset), #type "." #field " has moved")

static_assert(sizeof(dlc_symbol_info) == 40 && sizeof(dlc_tensor_info) == 72 && sizeof(dlc_variable_info) == 56 &&
                  sizeof(dlc_entry_point) == 120 && sizeof(dlc_metadata) == 16 && sizeof(dlc_tensor) == 48 &&
                  sizeof(dlc_allocator) == 24 && sizeof(dlc_error) == 512,
              "programs index arrays of these, or store them by value");

AT(dlc_symbol_info, maximum, 16);
AT(dlc_tensor_info, element_type, 8);
AT(dlc_tensor_info, dims, 16);
AT(dlc_tensor_info, flags, 24);
AT(dlc_tensor_info, default_value, 32);
AT(dlc_variable_info, dims, 16);
AT(dlc_variable_info, offset, 24);
AT(dlc_variable_info, kind, 32);
AT(dlc_entry_point, input_count, 8);
AT(dlc_entry_point, inputs, 24);
AT(dlc_entry_point, outputs, 32);
AT(dlc_entry_point, symbols, 40);
AT(dlc_entry_point, states, 48);
AT(dlc_entry_point, checks, 56);
AT(dlc_entry_point, state_count, 64);
AT(dlc_program, target, 8);
AT(dlc_program, required_features, 16);
AT(dlc_program, entries, 24);
AT(dlc_program, constant_bytes, 40);
AT(dlc_program, weights_file, 48);
AT(dlc_program, prepared_bytes, 64);
AT(dlc_program, scratch_bytes, 80);
AT(dlc_model, abi_version, 0);
AT(dlc_model, struct_bytes, 4);
AT(dlc_model, name, 8);
AT(dlc_model, compiler, 16);
AT(dlc_model, target, 24);
AT(dlc_model, needs, 32);
AT(dlc_model, entry_count, 40);
AT(dlc_model, entries, 56);
AT(dlc_model, variables, 64);
AT(dlc_model, variable_bytes, 72);
AT(dlc_model, programs, 80);
AT(dlc_model, runtime, 88);
AT(dlc_context, api, 0);
AT(dlc_context, model, 8);
AT(dlc_pool, executor, 8);
AT(dlc_executor, run, 8);
AT(dlc_context_options, executor, 8);
AT(dlc_context_options, allocator, 16);
AT(dlc_context_options, log, 40);
AT(dlc_context_options, weights_folder, 56);
AT(dlc_context_options, stream, 64);
AT(dlc_context_options, device_id, 72);
AT(dlc_pool_options, spin_microseconds, 8);
AT(dlc_pool_options, allocator, 16);
AT(dlc_load_options, prefix, 8);
AT(dlc_runtime_api, prepare, 8);
AT(dlc_runtime_api, context_create, 24);
AT(dlc_runtime_api, run, 168);
AT(dlc_runtime_api, choose_program, 208);
