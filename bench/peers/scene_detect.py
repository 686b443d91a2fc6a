"""Shot boundaries of videos by PySceneDetect's detectors, and how fast it finds them.

ContentDetector and AdaptiveDetector run as they come: OpenCV's decoder, automatic downscale, their own thresholds. Fades are
ThresholdDetector's work, and by default no two boundaries lie closer than 15 frames; so that nothing is counted against
them that a setting mends, both run a second time with ThresholdDetector and shots of 5 frames and more.

Says {version, detectors} first. Then answers each line {"detector", "path"} with the times of the boundaries in seconds, one
JSON array a line, until its input ends; so another program can take the time of its own work and of this in turns.
"""

import json
import sys

import scenedetect
from scenedetect import SceneManager, open_video
from scenedetect.detectors import AdaptiveDetector, ContentDetector, ThresholdDetector

SHORTEST = 5

# They hold state, so each run makes its own.
DETECTORS = {
    "content": lambda: [ContentDetector()],
    "adaptive": lambda: [AdaptiveDetector()],
    f"content and threshold, shots of {SHORTEST} frames": lambda: [
        ContentDetector(min_scene_len=SHORTEST),
        ThresholdDetector(min_scene_len=SHORTEST),
    ],
    f"adaptive and threshold, shots of {SHORTEST} frames": lambda: [
        AdaptiveDetector(min_scene_len=SHORTEST),
        ThresholdDetector(min_scene_len=SHORTEST),
    ],
}


def find_boundaries(path: str, name: str) -> list[float]:
    """Times of the boundaries in seconds, in their order."""
    manager = SceneManager()
    for detector in DETECTORS[name]():
        manager.add_detector(detector)
    manager.detect_scenes(open_video(path))
    return [boundary.seconds for boundary in manager.get_cut_list(show_warning=False)]


print(json.dumps({"version": scenedetect.__version__, "detectors": list(DETECTORS)}), flush=True)
for line in sys.stdin:
    question = json.loads(line)
    print(json.dumps(find_boundaries(question["path"], question["detector"])), flush=True)
