import pytest
@pytest.mark.timeout(0)
@pytest.mark.parametrize("lane", [0,1])
def test_loop(backlog, lane):
    bad=[]
    for i in range(45):
        n = 2 + i % 3
        with backlog.snapshots[0].open() as scene:
            es=[c.wait() for c in [backlog.start(scene) for _ in range(n)]]
            tr=[e.trouble[-1800:] for e in es if e.trouble]
            v=[str(x) for x in backlog.judge(scene.later(hours=1), backlog.clean(0))]
            if tr or v: bad.append((n,tr,v))
    assert not bad, "\n\n".join(map(lambda b: f"{b[0]} {''.join(b[1])} {b[2]}", bad))
