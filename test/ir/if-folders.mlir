// RUN: dlc-opt %s --canonicalize | FileCheck %s

// CHECK-LABEL: @known
// CHECK-NOT: dlc.if
// CHECK: %[[T:.*]] = dlc.tanh
// CHECK-NOT: dlc.exp
// CHECK: return %[[T]]
func.func @known(%x: tensor<8xf32>) -> tensor<8xf32> {
  %c = dlc.constant dense<true> : tensor<i1> : tensor<i1>
  %0 = dlc.if %c : tensor<i1> -> tensor<8xf32> {
    %t = dlc.tanh %x : tensor<8xf32> -> tensor<8xf32>
    dlc.end_if %t : tensor<8xf32>
  } else {
    %e = dlc.exp %x : tensor<8xf32> -> tensor<8xf32>
    dlc.end_if %e : tensor<8xf32>
  }
  return %0 : tensor<8xf32>
}

// CHECK-LABEL: @unread
// CHECK: %[[R:.*]] = dlc.if %{{.*}} : tensor<i1> -> tensor<8xf32> {
// CHECK-NEXT: dlc.tanh
// CHECK-NEXT: dlc.end_if
// CHECK-NEXT: } else {
// CHECK-NEXT: dlc.end_if
func.func @unread(%c: tensor<i1>, %x: tensor<8xf32>) -> tensor<8xf32> {
  %0, %1 = dlc.if %c : tensor<i1> -> tensor<8xf32>, tensor<8xf32> {
    %t = dlc.tanh %x : tensor<8xf32> -> tensor<8xf32>
    %u = dlc.exp %t : tensor<8xf32> -> tensor<8xf32>
    dlc.end_if %t, %u : tensor<8xf32>, tensor<8xf32>
  } else {
    %e = dlc.exp %x : tensor<8xf32> -> tensor<8xf32>
    dlc.end_if %x, %e : tensor<8xf32>, tensor<8xf32>
  }
  return %0 : tensor<8xf32>
}

// Nothing is left of a choice between one value and itself, or that nobody reads.
// CHECK-LABEL: @equal
// CHECK-NOT: dlc.if
// CHECK: return %arg1
func.func @equal(%c: tensor<i1>, %x: tensor<8xf32>) -> tensor<8xf32> {
  %0, %1 = dlc.if %c : tensor<i1> -> tensor<8xf32>, tensor<8xf32> {
    %t = dlc.tanh %x : tensor<8xf32> -> tensor<8xf32>
    dlc.end_if %x, %t : tensor<8xf32>, tensor<8xf32>
  } else {
    dlc.end_if %x, %x : tensor<8xf32>, tensor<8xf32>
  }
  return %0 : tensor<8xf32>
}

// Inside a branch the condition is known.
// CHECK-LABEL: @inside
// CHECK: dlc.if
// CHECK-NEXT: dlc.tanh
// CHECK-NEXT: dlc.end_if
// CHECK-NEXT: } else {
// CHECK-NEXT: dlc.end_if
func.func @inside(%c: tensor<i1>, %x: tensor<8xf32>) -> tensor<8xf32> {
  %0 = dlc.if %c : tensor<i1> -> tensor<8xf32> {
    %t = dlc.if %c : tensor<i1> -> tensor<8xf32> {
      %u = dlc.tanh %x : tensor<8xf32> -> tensor<8xf32>
      dlc.end_if %u : tensor<8xf32>
    } else {
      %v = dlc.exp %x : tensor<8xf32> -> tensor<8xf32>
      dlc.end_if %v : tensor<8xf32>
    }
    dlc.end_if %t : tensor<8xf32>
  } else {
    dlc.end_if %x : tensor<8xf32>
  }
  return %0 : tensor<8xf32>
}

// What only the branch expects is not expected of every run.
// CHECK-LABEL: @checked
// CHECK: dlc.if
func.func @checked(%x: tensor<?xf32> {dlc.dims = ["N"]}) -> tensor<?xf32> {
  %c = dlc.constant dense<true> : tensor<i1> : tensor<i1>
  %0 = dlc.if %c {then_checks = #dlc.extent_checks<symbols = ["N"], checks = [#dlc.extent_check<relation = equal, values = affine_map<()[s0] -> (s0, 4)>, what = "sum">]>} : tensor<i1> -> tensor<?xf32> {
    %t = dlc.tanh %x : tensor<?xf32> -> tensor<?xf32>
    dlc.end_if %t : tensor<?xf32>
  } else {
    dlc.end_if %x : tensor<?xf32>
  }
  return %0 : tensor<?xf32>
}
