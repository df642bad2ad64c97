// A tour of the layer: what it computes, what it holds, how it prints. Every value stands beside the one that Kazuya
// Ito's article "Conv1d in PyTorch" (dev.to) shows; the program fails if one of them differs.
#include <algorithm>
#include <cctype>
#include <iostream>
#include <sstream>
#include <string>

#include <conv1d/conv1d.h>

namespace nn = conv1d::nn;
using conv1d::Tensor;

namespace {

// The article broke its lines anew, so that white space says nothing.
std::string without_blanks(std::string text) {
  std::erase_if(text, [](unsigned char c) { return std::isspace(c) != 0; });
  return text;
}

template <class T> std::string shown(const T& value) {
  std::ostringstream out;
  out << value;
  return out.str();
}
std::string shown(bool value) { return value ? "True" : "False"; }
std::string shown(const std::vector<std::int64_t>& values) {  // as a Python tuple of one
  std::string text = "(";
  for (const std::int64_t v : values) text += std::to_string(v) + ",";
  return text + ")";
}

class Tour {
 public:
  void chapter(const std::string& title) { std::cout << "\n== " << title << '\n'; }

  template <class T> void compare(const std::string& what, const T& value, const std::string& article) {
    const std::string ours = shown(value);
    const bool same = without_blanks(ours) == without_blanks(article);
    ++total_;
    agree_ += same ? 1 : 0;
    std::cout << "\n-- " << what << (same ? "" : "   DIFFERS") << "\nhere:    " << indented(ours)
              << "\narticle: " << indented(article) << '\n';
  }

  int finish() const {
    std::cout << '\n' << agree_ << " of " << total_ << " values agree with the article.\n";
    return agree_ == total_ ? 0 : 1;
  }

 private:
  static std::string indented(const std::string& text) {
    std::string out;
    bool line_begins = false;  // blank lines stay blank
    for (const char c : text) {
      if (line_begins && c != '\n') out += "         ";
      out += c;
      line_begins = c == '\n';
    }
    return out;
  }
  int total_ = 0;
  int agree_ = 0;
};

constexpr const char* kOneToThree =
    "tensor([[7.0349, -1.3750, 0.9186, 1.6831, 4.7413, -0.6105],\n"
    "        [6.4210, -2.7091, -0.2191, 0.6109, 3.9309, -1.8791],\n"
    "        [-1.6724, 0.9046, 0.2018, -0.0325, -0.9696, 0.6703]], grad_fn=<SqueezeBackward1>)";

// One channel in, three out, one tap: each output is the signal times a weight, plus a bias.
Tensor one_layer(Tour& tour, const Tensor& signal) {
  tour.chapter("A layer and a signal of one channel");
  tour.compare("the signal asks for no gradient", signal.requires_grad(), "False");
  conv1d::manual_seed(42);
  const nn::Conv1d layer(1, 3, 1);
  const Tensor out = layer(signal);
  tour.compare("three channels come out", out, kOneToThree);
  tour.compare("they do, since the weights do", out.requires_grad(), "True");
  tour.compare("the layer prints itself", layer, "Conv1d(1, 3, kernel_size=(1,), stride=(1,))");
  tour.compare("channels in", layer.in_channels(), "1");
  tour.compare("channels out", layer.out_channels(), "3");
  tour.compare("taps", layer.kernel_size(), "(1,)");
  tour.compare("stride", layer.stride(), "(1,)");
  tour.compare("padding", layer.padding().values(), "(0,)");
  tour.compare("dilation", layer.dilation(), "(1,)");
  tour.compare("groups", layer.groups(), "1");
  tour.compare("bias", layer.bias(), "Parameter containing: tensor([0.9186, -0.2191, 0.2018], requires_grad=True)");
  tour.compare("padding mode", layer.padding_mode(), "zeros");
  tour.compare("weight", layer.weight(),
               "Parameter containing: tensor([[[0.7645]], [[0.8300]], [[-0.2343]]], requires_grad=True)");
  return out;
}

void more_layers(Tour& tour, const Tensor& signal, const Tensor& three_channels) {
  tour.chapter("Layers after one another, and every argument by name");
  conv1d::manual_seed(42);
  const nn::Conv1d next(3, 3, 1);
  tour.compare("a second layer takes what the first one made", next(three_channels),
               "tensor([[5.9849, -2.4511, -0.1504, 0.6165, 3.6841, -1.6842],\n"
               "        [3.2258, 0.2207, 1.0403, 1.3134, 2.4062, 0.4939],\n"
               "        [-0.5434, 0.0364, -0.1217, -0.1744, -0.3853, -0.0163]], grad_fn=<SqueezeBackward1>)");
  conv1d::manual_seed(42);
  const nn::Conv1d spelled_out(
      1, 3, 1, {.stride = 1, .padding = 0, .dilation = 1, .groups = 1, .bias = true, .padding_mode = "zeros"});
  tour.compare("the defaults, spelled out", spelled_out(signal), kOneToThree);
}

void shapes(Tour& tour) {
  tour.chapter("The same six numbers in other shapes");
  conv1d::manual_seed(42);
  tour.compare("two channels of three samples",
               nn::Conv1d(2, 3, 1)(conv1d::tensor<float>({8, -3, 0, 1, 5, -2}, {{2, 3}})),
               "tensor([[4.5675, 0.9684, -1.5181],\n        [-0.2604, 4.1600, -0.8838],\n"
               "        [-0.4734, 1.8016, 0.3380]], grad_fn=<SqueezeBackward1>)");
  conv1d::manual_seed(42);
  tour.compare("six channels of one sample", nn::Conv1d(6, 3, 1)(conv1d::tensor<float>({8, -3, 0, 1, 5, -2}, {{6, 1}})),
               "tensor([[1.0529], [-0.8833], [3.4542]], grad_fn=<SqueezeBackward1>)");
  conv1d::manual_seed(42);
  tour.compare("a batch of two, three channels of one sample",
               nn::Conv1d(3, 3, 1)(conv1d::tensor<float>({8, -3, 0, 1, 5, -2}, {{2, 3, 1}})),
               "tensor([[[1.6701], [5.1242], [-3.1578]],\n        [[2.6844], [0.1667], [0.5044]]], "
               "grad_fn=<ConvolutionBackward0>)");
  conv1d::manual_seed(42);
  const nn::Conv1d complex_layer(3, 3, 1, {.dtype = conv1d::complex64});
  tour.compare("the batch again, with complex numbers",
               complex_layer(conv1d::tensor<std::complex<float>>({8, -3, 0, 1, 5, -2}, {{2, 3, 1}})),
               "tensor([[[3.6675+2.3897j], [-4.0416+3.9155j], [2.3427+1.2531j]],\n"
               "        [[-0.2514+3.0452j], [0.9940-2.0626j], [0.6939-0.1171j]]], grad_fn=<AddBackward0>)");
}

}  // namespace

int main() {
  Tour tour;
  const Tensor signal = conv1d::tensor<float>({8, -3, 0, 1, 5, -2}, {{1, 6}});
  const Tensor three_channels = one_layer(tour, signal);
  more_layers(tour, signal, three_channels);
  shapes(tour);
  return tour.finish();
}
