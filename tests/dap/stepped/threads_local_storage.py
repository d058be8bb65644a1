# threads: fill
import _thread

local = _thread._local()
local.name = 'main'
ready = _thread.allocate_lock()
ready.acquire()
seen = {}


def fill(key):
    local.name = key
    seen[key] = hasattr(local, 'name'), local.name
    ready.release()


_thread.start_new_thread(fill, ('one',))
ready.acquire()
seen['main'] = local.name
print(seen)
