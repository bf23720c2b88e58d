// RUN: dlc-opt %s | dlc-opt | FileCheck %s

// CHECK-LABEL: @running_sum
// CHECK: dlc.loop init(%{{.*}} : tensor<?x8xf32>) scan(%{{.*}} : tensor<?x?x8xf32>) {reverse} -> tensor<?x8xf32>, tensor<?x?x8xf32> {
// CHECK-NEXT: ^bb0(%{{.*}}: tensor<i64>, %[[S:.*]]: tensor<?x8xf32>, %[[X:.*]]: tensor<?x8xf32>):
// CHECK-NEXT: dlc.add %[[S]], %[[X]]
// CHECK: dlc.next %{{.*}}, %{{.*}} : tensor<?x8xf32>, tensor<?x8xf32>
func.func @running_sum(%s: tensor<?x8xf32> {dlc.dims = ["N", 8]}, %x: tensor<?x?x8xf32> {dlc.dims = ["T", "N", 8]})
    -> (tensor<?x8xf32>, tensor<?x?x8xf32>) {
  %0, %1 = dlc.loop init(%s : tensor<?x8xf32>) scan(%x : tensor<?x?x8xf32>) {reverse} -> tensor<?x8xf32>, tensor<?x?x8xf32> {
  ^bb0(%step: tensor<i64>, %before: tensor<?x8xf32>, %slice: tensor<?x8xf32>):
    %sum = dlc.add %before, %slice : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
    %y = dlc.tanh %sum : tensor<?x8xf32> -> tensor<?x8xf32>
    dlc.next %sum, %y : tensor<?x8xf32>, tensor<?x8xf32>
  }
  return %0, %1 : tensor<?x8xf32>, tensor<?x?x8xf32>
}

// A step reads values of the code around the loop; here of two loops around it.
// CHECK-LABEL: @until
// CHECK-SAME: %{{.*}}: tensor<i64>, %[[LIMIT:[a-z0-9]+]]: tensor<i64>)
// CHECK: dlc.loop init(%{{.*}} : tensor<i64>) scan() {stops, trip_count = 10 : i64} -> tensor<i64>, tensor<10xi64>, tensor<i64> {
// CHECK-NEXT: ^bb0(%[[STEP:.*]]: tensor<i64>, %[[N:.*]]: tensor<i64>):
// CHECK: dlc.loop init(%[[N]] : tensor<i64>) scan() {trip_count = 2 : i64} -> tensor<i64> {
// CHECK: dlc.add %{{.*}}, %[[STEP]]
// CHECK: dlc.sub %{{.*}}, %[[LIMIT]]
func.func @until(%n: tensor<i64>, %limit: tensor<i64>) -> (tensor<i64>, tensor<10xi64>, tensor<i64>) {
  %0, %1, %2 = dlc.loop init(%n : tensor<i64>) scan() {stops, trip_count = 10 : i64} -> tensor<i64>, tensor<10xi64>, tensor<i64> {
  ^bb0(%step: tensor<i64>, %before: tensor<i64>):
    %twice = dlc.loop init(%before : tensor<i64>) scan() {trip_count = 2 : i64} -> tensor<i64> {
    ^bb0(%inner_step: tensor<i64>, %inner: tensor<i64>):
      %sum = dlc.add %inner, %step : (tensor<i64>, tensor<i64>) -> tensor<i64>
      %less = dlc.sub %sum, %limit : (tensor<i64>, tensor<i64>) -> tensor<i64>
      dlc.next %less : tensor<i64>
    }
    %stop = dlc.greater %twice, %limit : (tensor<i64>, tensor<i64>) -> tensor<i1>
    dlc.next %twice, %before, %stop : tensor<i64>, tensor<i64>, tensor<i1>
  }
  return %0, %1, %2 : tensor<i64>, tensor<10xi64>, tensor<i64>
}

func.func private @sum(%step: tensor<i64>, %s: tensor<?x8xf32>, %x: tensor<?x8xf32>, %y: tensor<8xf32>) -> tensor<?x8xf32> {
  %0 = dlc.add %s, %x : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %1 = dlc.add %0, %y : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  return %1 : tensor<?x8xf32>
}
// CHECK-LABEL: @outlined
// CHECK: dlc.outlined_loop @sum init(%{{.*}} : tensor<?x8xf32>) scan(%{{.*}} : tensor<?x?x8xf32>) captures(%{{.*}} : tensor<8xf32>) -> tensor<?x8xf32>
func.func @outlined(%s: tensor<?x8xf32> {dlc.dims = ["N", 8]}, %x: tensor<?x?x8xf32> {dlc.dims = ["T", "N", 8]}, %y: tensor<8xf32>)
    -> tensor<?x8xf32> {
  %0 = dlc.outlined_loop @sum init(%s : tensor<?x8xf32>) scan(%x : tensor<?x?x8xf32>) captures(%y : tensor<8xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}
