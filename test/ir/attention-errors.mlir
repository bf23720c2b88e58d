// RUN: dlc-opt %s --split-input-file --verify-diagnostics

func.func @rank(%x: tensor<2x4x8xf32>) {
  // expected-error@+2 {{attention expects operands of rank 4, [batch, heads, length, size], got ranks 3, 3 and 3}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = dlc.attention %x, %x, %x {scale = 1.0 : f64} : (tensor<2x4x8xf32>, tensor<2x4x8xf32>, tensor<2x4x8xf32>) -> tensor<2x4x8xf32>
  return
}

// -----

func.func @head_size(%x: tensor<2x4x8x?xf32>) {
  // expected-error@+2 {{attention needs head sizes that are known at compile time}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = dlc.attention %x, %x, %x {scale = 1.0 : f64} : (tensor<2x4x8x?xf32>, tensor<2x4x8x?xf32>, tensor<2x4x8x?xf32>) -> tensor<2x4x8x?xf32>
  return
}

// -----

func.func @sizes(%q: tensor<2x4x8x16xf32>, %k: tensor<2x4x8x32xf32>) {
  // expected-error@+2 {{attention's operands differ in their head size: 16 and 32}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = dlc.attention %q, %k, %k {scale = 1.0 : f64} : (tensor<2x4x8x16xf32>, tensor<2x4x8x32xf32>, tensor<2x4x8x32xf32>) -> tensor<2x4x8x32xf32>
  return
}

// -----

func.func @groups(%q: tensor<2x4x8x16xf32>, %k: tensor<2x3x8x16xf32>) {
  // expected-error@+2 {{attention's 3 heads of keys do not divide its 4 heads of queries}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = dlc.attention %q, %k, %k {scale = 1.0 : f64} : (tensor<2x4x8x16xf32>, tensor<2x3x8x16xf32>, tensor<2x3x8x16xf32>) -> tensor<2x4x8x16xf32>
  return
}

// -----

func.func @mask(%q: tensor<2x4x8x16xf32>, %m: tensor<8x7xi1>) {
  // expected-error@+2 {{attention's mask does not broadcast to the scores: an extent of 7 meets 8}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = dlc.attention %q, %q, %q mask %m : tensor<8x7xi1> {scale = 1.0 : f64} : (tensor<2x4x8x16xf32>, tensor<2x4x8x16xf32>, tensor<2x4x8x16xf32>) -> tensor<2x4x8x16xf32>
  return
}

// -----

func.func @lengths(%q: tensor<2x4x8x16xf32>, %l: tensor<3xi64>) {
  // expected-error@+2 {{attention's lengths are one number per sample of the batch}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = dlc.attention %q, %q, %q lengths %l : tensor<3xi64> {scale = 1.0 : f64} : (tensor<2x4x8x16xf32>, tensor<2x4x8x16xf32>, tensor<2x4x8x16xf32>) -> tensor<2x4x8x16xf32>
  return
}

// -----

func.func @integers(%q: tensor<2x4x8x16xi32>) {
  // expected-error@+1 {{works on floating-point numbers, not 'i32'}}
  %0 = dlc.attention %q, %q, %q {scale = 1.0 : f64} : (tensor<2x4x8x16xi32>, tensor<2x4x8x16xi32>, tensor<2x4x8x16xi32>) -> tensor<2x4x8x16xi32>
  return
}

// -----

func.func @mixed(%q: tensor<2x4x8x16xf32>, %k: tensor<2x4x8x16xf64>) {
  // expected-error@+1 {{expects query, key and value of one element type}}
  %0 = dlc.attention %q, %k, %k {scale = 1.0 : f64} : (tensor<2x4x8x16xf32>, tensor<2x4x8x16xf64>, tensor<2x4x8x16xf64>) -> tensor<2x4x8x16xf32>
  return
}

// -----

func.func @integer_mask(%q: tensor<2x4x8x16xf32>, %m: tensor<8x8xi32>) {
  // expected-error@+1 {{has a mask of 'i32', which is neither i1 nor a floating-point number}}
  %0 = dlc.attention %q, %q, %q mask %m : tensor<8x8xi32> {scale = 1.0 : f64} : (tensor<2x4x8x16xf32>, tensor<2x4x8x16xf32>, tensor<2x4x8x16xf32>) -> tensor<2x4x8x16xf32>
  return
}

// -----

func.func @real_lengths(%q: tensor<2x4x8x16xf32>, %l: tensor<2xf32>) {
  // expected-error@+1 {{has lengths that are not integers}}
  %0 = dlc.attention %q, %q, %q lengths %l : tensor<2xf32> {scale = 1.0 : f64} : (tensor<2x4x8x16xf32>, tensor<2x4x8x16xf32>, tensor<2x4x8x16xf32>) -> tensor<2x4x8x16xf32>
  return
}

// -----

func.func @softcap(%q: tensor<2x4x8x16xf32>) {
  // expected-error@+1 {{has a softcap below 0}}
  %0 = dlc.attention %q, %q, %q {scale = 1.0 : f64, softcap = -1.0 : f64} : (tensor<2x4x8x16xf32>, tensor<2x4x8x16xf32>, tensor<2x4x8x16xf32>) -> tensor<2x4x8x16xf32>
  return
}

// -----

func.func @window(%q: tensor<2x4x8x16xf32>) {
  // expected-error@+1 {{has a bound 'left' or 'right' below 0}}
  %0 = dlc.attention %q, %q, %q {scale = 1.0 : f64, left = -1 : i64} : (tensor<2x4x8x16xf32>, tensor<2x4x8x16xf32>, tensor<2x4x8x16xf32>) -> tensor<2x4x8x16xf32>
  return
}

// -----

func.func @index(%x: tensor<2x4xf32>) {
  // expected-error@+2 {{axis 2 is not one of the 2 dimensions}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = dlc.index %x {axis = 2 : i64} : (tensor<2x4xf32>) -> tensor<?xi64>
  return
}
