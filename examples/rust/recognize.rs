// SPDX-License-Identifier: Apache-2.0
//! A Rust program with the digits network linked in. libnetwork.a holds wrappers.c and what dlc has made of the network.
use std::ffi::CStr;
use std::os::raw::c_char;
use std::ptr;

/// dlc_context, of which Rust knows pointers only.
#[repr(C)]
struct Context {
    private: [u8; 0],
}

/// dlc_error
#[repr(C)]
struct Error {
    status: i32,
    message: [c_char; 508],
}

#[link(name = "network", kind = "static")]
extern "C" {
    fn network_create(threads: u32, error: *mut Error, network: *mut *mut Context) -> i32;
    fn network_run(network: *mut Context, images: i64, pixels: *const f32, probability: *mut f32) -> i32;
    fn network_message(network: *const Context) -> *const c_char;
    fn network_release(network: *mut Context);
}

#[link(name = "m")]
extern "C" {}

const PIXELS: usize = 8 * 8;
const DIGITS: usize = 10;

/// A context of the network. It may move to another thread, but one thread at a time uses it.
struct Network {
    context: *mut Context,
}

unsafe impl Send for Network {}

impl Network {
    fn new(threads: u32) -> Result<Network, String> {
        let mut error = Error { status: 0, message: [0; 508] };
        let mut context = ptr::null_mut();
        match unsafe { network_create(threads, &mut error, &mut context) } {
            0 => Ok(Network { context }),
            status => Err(format!("{} (status {})", text(error.message.as_ptr()), status)),
        }
    }

    /// The probabilities of each image's digits. The library does not know how long slices are, so it is checked here.
    fn run(&mut self, images: &[[f32; PIXELS]]) -> Result<Vec<[f32; DIGITS]>, String> {
        let mut probability = vec![[0.0; DIGITS]; images.len()];
        let (from, to) = (images.as_ptr() as *const f32, probability.as_mut_ptr() as *mut f32);
        match unsafe { network_run(self.context, images.len() as i64, from, to) } {
            0 => Ok(probability),
            _ => Err(text(unsafe { network_message(self.context) })),
        }
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        unsafe { network_release(self.context) }
    }
}

fn text(message: *const c_char) -> String {
    unsafe { CStr::from_ptr(message) }.to_string_lossy().into_owned()
}

/// One image of the digits data set, 8x8 pixels from 0 to 16.
const IMAGE: [u8; PIXELS] = [
    0, 0, 7, 8, 13, 16, 15, 1, //
    0, 0, 7, 7, 4, 11, 12, 0, //
    0, 0, 0, 0, 8, 13, 1, 0, //
    0, 4, 8, 8, 15, 15, 6, 0, //
    0, 2, 11, 15, 15, 4, 0, 0, //
    0, 0, 0, 16, 5, 0, 0, 0, //
    0, 0, 9, 15, 1, 0, 0, 0, //
    0, 0, 13, 5, 0, 0, 0, 0, //
];

fn main() -> Result<(), String> {
    let mut network = Network::new(1)?;
    let mut image = [0.0; PIXELS];
    for (pixel, value) in image.iter_mut().zip(IMAGE) {
        *pixel = f32::from(value) / 16.0;
    }
    for probability in network.run(&[image])? {
        let mut best = 0;
        for digit in 1..DIGITS {
            if probability[digit] > probability[best] {
                best = digit;
            }
        }
        println!("the image shows a {} (probability {:.2})", best, probability[best]);
    }
    Ok(())
}
