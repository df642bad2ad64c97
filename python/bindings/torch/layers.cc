#include "layers.h"

#include <pthread.h>

#include <functional>
#include <list>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include <conv1d/kept_memory.h>

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

void wait_at_forks();
void unlock_after_fork();

// Never destroyed: layers may die when the interpreter does.
Table& table() {
  static Table* the_table = [] {
    auto* made = new Table;
    wait_at_forks();
    return made;
  }();
  return *the_table;
}

struct Key {
  const void* weight;
  guest::Settings settings;
  bool operator==(const Key&) const = default;
};

struct KeyHash {
  std::size_t operator()(const Key& key) const { return std::hash<const void*>()(key.weight); }
};

struct Recent {
  Key key;
  std::shared_ptr<NumberedLayer> layer;
};

struct RecentLayers {
  // Models of some hundred layers go round in a circle: with fewer places than layers each call would find none. What
  // their layers keep is bounded for all together.
  static constexpr std::size_t kMost = 2048;
  std::mutex mutex;
  std::list<Recent> list;  // the latest first
  std::unordered_map<Key, std::list<Recent>::iterator, KeyHash> places;
};

RecentLayers& recent_layers() {
  static RecentLayers* the_layers = new RecentLayers;
  return *the_layers;
}

// A fork waits for these locks, so that a child finds neither one of them locked by a thread that it does not have, nor
// half-changed state. The library's own are locked inside them, so after them here: handlers registered later come first.
void wait_at_forks() {
  kept_memory();
  pthread_atfork(
      [] {
        recent_layers().mutex.lock();
        table().mutex.lock();
      },
      unlock_after_fork, unlock_after_fork);
}

void unlock_after_fork() {
  table().mutex.unlock();
  recent_layers().mutex.unlock();
}

}  // namespace

NumberedLayer::NumberedLayer(const guest::Settings& settings, bool packs_at_first)
    : layer_(std::make_shared<guest::Layer>(settings, packs_at_first)), number_(0) {
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
  const Key key{weight, settings};
  std::shared_ptr<NumberedLayer> dropped;  // dies after the lock is given back
  const std::lock_guard lock(recent.mutex);
  const auto found = recent.places.find(key);
  if (found != recent.places.end()) {
    recent.list.splice(recent.list.begin(), recent.list, found->second);
    return found->second->layer;
  }
  recent.list.push_front({key, std::make_shared<NumberedLayer>(settings, false)});
  recent.places[key] = recent.list.begin();
  if (recent.list.size() > RecentLayers::kMost) {
    dropped = std::move(recent.list.back().layer);
    recent.places.erase(recent.list.back().key);
    recent.list.pop_back();
  }
  return recent.list.front().layer;
}

void forget_recent_layers() {
  std::list<Recent> dropped;
  {
    const std::lock_guard lock(recent_layers().mutex);
    dropped.swap(recent_layers().list);
    recent_layers().places.clear();
  }
  for (const Recent& recent : dropped) recent.layer->layer().clear();  // a recorded graph may hold it longer
}

}  // namespace conv1d::python::pytorch
