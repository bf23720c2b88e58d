// RUN: dlc-opt %s --split-input-file --verify-diagnostics

func.func @symbols(%x: tensor<?x8xf32>) -> tensor<?xi1> {
  // expected-error @+2 {{a map of 0 dimensions and 1 symbols for operands with 2 extents}}
  // expected-error @+1 {{failed to infer returned types}}
  %0 = dlc.shape %x {dims = affine_map<()[s0] -> (s0)>} : (tensor<?x8xf32>) -> tensor<?xi1>
  return %0 : tensor<?xi1>
}

// -----

func.func @integers(%x: tensor<?x8xf32>) -> tensor<1xi64> {
  // expected-error @+2 {{a map of 0 dimensions and 1 symbols for operands with 2 extents}}
  // expected-error @+1 {{failed to infer returned types}}
  %0 = dlc.integers %x {values = affine_map<()[s0] -> (s0)>, element_type = i64} : (tensor<?x8xf32>) -> tensor<1xi64>
  return %0 : tensor<1xi64>
}

// -----

func.func @expand(%x: tensor<3x8xf32>, %s: tensor<?x4xi1>) -> tensor<3x8xf32> {
  // expected-error @+2 {{operands do not broadcast: extents 8 and 4 of dimension 1 differ}}
  // expected-error @+1 {{failed to infer returned types}}
  %0 = dlc.expand_like %x, %s : (tensor<3x8xf32>, tensor<?x4xi1>) -> tensor<3x8xf32>
  return %0 : tensor<3x8xf32>
}

// -----

func.func @open(%x: tensor<?x8xf32>, %s: tensor<?x8xi1>) -> tensor<?x8xf32> {
  // expected-error @+2 {{there is no dimension 2 of 2}}
  // expected-error @+1 {{failed to infer returned types}}
  %0 = dlc.expand_like %x, %s {open = array<i64: 2>} : (tensor<?x8xf32>, tensor<?x8xi1>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

func.func @open_rank(%x: tensor<?x8xf32>, %s: tensor<?xi1>) -> tensor<?x8xf32> {
  // expected-error @+2 {{an operand of rank 2 does not broadcast to rank 1}}
  // expected-error @+1 {{failed to infer returned types}}
  %0 = dlc.expand_like %x, %s {open = array<i64: 0>} : (tensor<?x8xf32>, tensor<?xi1>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

func.func @slice(%x: tensor<?x8xf32>, %from: tensor<?x3xi1>, %size: tensor<?x6xi1>) -> tensor<?x6xf32> {
  // expected-error @+2 {{slice of 6 elements from 3 in steps of 1 leaves dimension 1}}
  // expected-error @+1 {{failed to infer returned types}}
  %0 = dlc.slice_like %x, %from, %size {steps = array<i64: 1, 1>} : (tensor<?x8xf32>, tensor<?x3xi1>, tensor<?x6xi1>) -> tensor<?x6xf32>
  return %0 : tensor<?x6xf32>
}

// -----

func.func @pad(%x: tensor<?x8xf32>, %low: tensor<0x3xi1>, %size: tensor<?x9xi1>) -> tensor<?x9xf32> {
  // expected-error @+2 {{padding of 8 elements to 9 after 3}}
  // expected-error @+1 {{failed to infer returned types}}
  %0 = dlc.pad_like %x, %low, %size {mode = #dlc<pad_mode constant>} : (tensor<?x8xf32>, tensor<0x3xi1>, tensor<?x9xi1>) -> tensor<?x9xf32>
  return %0 : tensor<?x9xf32>
}

// -----

func.func @readback_count(%count: tensor<1xi64>) {
  // expected-error@+1 {{expects a count of type tensor<i64>, got 'tensor<1xi64>'}}
  %0 = dlc.readback %count {bound = affine_map<() -> ()>, symbol = "n"} : (tensor<1xi64>) -> tensor<?xi1>
  return
}

// -----

func.func @readback_bounds(%count: tensor<i64>) {
  // expected-error@+1 {{expects one bound or none, got 2}}
  %0 = dlc.readback %count {bound = affine_map<() -> (1, 2)>, symbol = "n"} : (tensor<i64>) -> tensor<?xi1>
  return
}

// -----

func.func @readback_name(%count: tensor<i64>) {
  // expected-error@+1 {{has no name for the extent}}
  %0 = dlc.readback %count {bound = affine_map<() -> ()>, symbol = ""} : (tensor<i64>) -> tensor<?xi1>
  return
}

// -----

func.func @readback_extents(%count: tensor<i64>, %x: tensor<?x3xf32>) {
  // expected-error@+2 {{a map of 0 dimensions and 1 symbols for operands with 2 extents}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = dlc.readback %count, %x {bound = affine_map<()[s0] -> (s0)>, symbol = "n"} : (tensor<i64>, tensor<?x3xf32>) -> tensor<?xi1>
  return
}

// -----

func.func @count_of_matrix(%mask: tensor<2x3xi1>) {
  // expected-error@+1 {{expects a vector, got rank 2}}
  %0 = dlc.running_count %mask : tensor<2x3xi1> -> tensor<2x3xi64>
  return
}
