import faulthandler, threading, time, sys, os, signal
faulthandler.enable(all_threads=True)
def worker():
    time.sleep(5)
t = threading.Thread(target=worker, daemon=True); t.start()
time.sleep(0.2)
def inner(): 
    os.kill(os.getpid(), signal.SIGSEGV)
def outer(): inner()
outer()
