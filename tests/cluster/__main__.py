"""`python -m cluster up|down|images|base`: the cluster and its images from a shell."""

import itertools
import sys

from cluster import images
from cluster.clusters import MOST, PROCESSES, Cluster


def main(arguments: list[str]) -> None:
    match arguments:
        case ["up"]:
            cluster = Cluster()
            archives = images.build()
            cluster.up(archives)
            print(f"KUBECONFIG={cluster.kubeconfig}")
        case ["down"]:
            for process, number in itertools.product(range(PROCESSES), reversed(range(MOST))):
                Cluster(number, process=process).down()
        case ["images"]:
            for image in images.build():
                print(image)
        case ["base"]:
            print(images.base())
        case _:
            raise SystemExit("expected one of: up, down, images, base")


if __name__ == "__main__":
    main(sys.argv[1:])
