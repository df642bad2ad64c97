#include "layers.h"

#include <algorithm>
#include <list>
#include <mutex>
#include <utility>
#include <vector>

namespace conv1d::python::pytorch {
namespace {

// A number is (how often its place was used) << 32 | place.
constexpr std::int64_t kUses = std::int64_t{1} << 27;

struct Place {
  std::shared_ptr<guest::Layer> layer;
  std::int64_t use = 0;
};

struct Table {
  std::mutex mutex;
  std::vector<Place> places;
  std::vector<std::size_t> unused;
};

// Never destroyed: layers may die when the interpreter does.
Table& table() {
  static Table* the_table = new Table;
  return *the_table;
}

struct Recent {
  const void* weight;
  guest::Settings settings;
  std::shared_ptr<NumberedLayer> layer;
};

struct RecentLayers {
  static constexpr std::size_t kMost = 64;
  std::mutex mutex;
  std::list<Recent> list;  // the latest first
};

RecentLayers& recent_layers() {
  static RecentLayers* the_layers = new RecentLayers;
  return *the_layers;
}

}  // namespace

NumberedLayer::NumberedLayer(const guest::Settings& settings)
    : layer_(std::make_shared<guest::Layer>(settings)), number_(0) {
  Table& all = table();
  const std::lock_guard lock(all.mutex);
  if (all.unused.empty()) {
    all.places.emplace_back();
    all.unused.push_back(all.places.size() - 1);
  }
  const std::size_t at = all.unused.back();
  all.unused.pop_back();
  all.places[at].layer = layer_;
  number_ = all.places[at].use << 32 | static_cast<std::int64_t>(at);
}

NumberedLayer::~NumberedLayer() {
  Table& all = table();
  const std::lock_guard lock(all.mutex);
  const auto at = static_cast<std::size_t>(number_ & 0xffffffff);
  all.places[at].layer.reset();
  all.places[at].use = (all.places[at].use + 1) % kUses;
  all.unused.push_back(at);
}

std::shared_ptr<guest::Layer> layer_of(std::int64_t number) {
  Table& all = table();
  const std::lock_guard lock(all.mutex);
  const auto at = static_cast<std::size_t>(number & 0xffffffff);
  if (number < 0 || at >= all.places.size() || all.places[at].use != number >> 32) return nullptr;
  return all.places[at].layer;
}

std::shared_ptr<NumberedLayer> recent_layer(const void* weight, const guest::Settings& settings) {
  RecentLayers& recent = recent_layers();
  std::shared_ptr<NumberedLayer> dropped;  // dies after the lock is given back
  const std::lock_guard lock(recent.mutex);
  const auto found = std::find_if(recent.list.begin(), recent.list.end(), [&](const Recent& entry) {
    return entry.weight == weight && entry.settings == settings;
  });
  if (found != recent.list.end()) {
    recent.list.splice(recent.list.begin(), recent.list, found);
    return found->layer;
  }
  recent.list.push_front({weight, settings, std::make_shared<NumberedLayer>(settings)});
  if (recent.list.size() > RecentLayers::kMost) {
    dropped = std::move(recent.list.back().layer);
    recent.list.pop_back();
  }
  return recent.list.front().layer;
}

void forget_recent_layers() {
  std::list<Recent> dropped;
  const std::lock_guard lock(recent_layers().mutex);
  dropped.swap(recent_layers().list);
}

}  // namespace conv1d::python::pytorch
