"""Text in pictures by RapidOCR on the same PP-OCRv4 networks, and how fast it reads.

It runs as it comes, with its direction classifier, on one thread.

Says {version} first. Then answers each line {"path"} with the lines of text read, one JSON array a line, until its input ends;
so another program can take the time of its own work and of this in turns.
"""

import json
import sys
from importlib.metadata import version

from rapidocr_onnxruntime import RapidOCR

reader = RapidOCR(intra_op_num_threads=1, inter_op_num_threads=1)
print(json.dumps({"version": version("rapidocr-onnxruntime")}), flush=True)
for line in sys.stdin:
    lines, _ = reader(json.loads(line)["path"])
    print(json.dumps([text for _, text, _ in lines or []]), flush=True)
