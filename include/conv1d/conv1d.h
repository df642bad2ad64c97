// conv1d: convolution over one dimension, with PyTorch's meaning, names, texts and initial weights. This header
// includes everything; each part can also be included by itself.
//
//   #include <conv1d/conv1d.h>
//   namespace nn = conv1d::nn;
//   conv1d::manual_seed(42);
//   nn::Conv1d layer(2, 3, 5, {.padding = "same"});
//   conv1d::Tensor y = layer(conv1d::rand({8, 2, 100}));   // (8, 3, 100)
//   y.square().mean().backward();
//   std::cout << layer << '\n' << layer.weight().grad() << '\n';
#pragma once

#include <conv1d/autograd.h>             // gradients: backward, grad, NoGradGuard
#include <conv1d/dtype.h>                // element types and devices: float32, complex64, ..., cpu, meta
#include <conv1d/error.h>                // exceptions, each with PyTorch's text and a hint; the warning handler
#include <conv1d/indexing.h>             // choosing elements by tensors: masks, lists of indices
#include <conv1d/io.h>                   // files: safetensors, .npy
#include <conv1d/kept_memory.h>          // what layers keep from call to call
#include <conv1d/nn/conv1d.h>            // the layer
#include <conv1d/nn/conv_transpose1d.h>  // the transposed layer
#include <conv1d/nn/functional.h>        // convolution, padding, activations, losses as functions
#include <conv1d/nn/init.h>              // initial values
#include <conv1d/nn/module.h>            // modules that hold parameters and modules; Sequential, ReLU, Tanh, Sigmoid
#include <conv1d/ops.h>                  // arithmetic, comparisons, cat, stack
#include <conv1d/precision.h>            // which algorithms may be taken
#include <conv1d/print.h>                // tensors as text
#include <conv1d/random.h>               // seeds, generators, rand, randn, randint
#include <conv1d/tensor.h>               // tensors: factories, views, elements, from_blob
#include <conv1d/threads.h>              // how many threads compute
