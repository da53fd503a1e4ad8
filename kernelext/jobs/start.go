package jobs

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Start runs this very program once more, as a process of its own, for the job of that name below a folder of runs. The
// process has its own session, no terminal and no notebook; what it prints goes into the job's run.log. In it, Own
// returns the job. A job of that name that is running is returned instead, and started is false.
func Start(root, name string) (j *Job, started bool, err error) {
	if folder(name) == "" {
		return nil, false, fmt.Errorf("jobs: %q has no letter or digit to name a folder with", name)
	}
	if root, err = filepath.Abs(filepath.Join(root, jobsDir)); err != nil {
		return nil, false, fmt.Errorf("jobs: %w", err)
	}
	if err := os.MkdirAll(root, 0o777); err != nil {
		return nil, false, fmt.Errorf("jobs: cannot make the folder for detached programs: %w", err)
	}
	// One start at a time: of two cells that detach the same name at once, the second must find the first.
	starting, err := lock(filepath.Join(root, startLock))
	if err != nil {
		return nil, false, err
	}
	defer starting.Close()
	if j, err = running(filepath.Dir(root), name); j != nil || err != nil {
		return j, false, err
	}
	tidy(filepath.Dir(root), time.Now())
	dir, err := nextFolder(root, name)
	if err != nil {
		return nil, false, err
	}
	if j, err = launch(dir, name); err != nil {
		return nil, false, errors.Join(err, os.RemoveAll(dir))
	}
	return j, true, nil
}

// running finds the running job of a name. Programs of jobs that have died are removed on the way.
func running(root, name string) (found *Job, err error) {
	all, err := List(root)
	for _, j := range all {
		switch {
		case j.State() != Running:
			os.Remove(filepath.Join(j.dir, programFile))
		case folder(j.Name) == folder(name):
			found = j
		}
	}
	return found, err
}

// How long the folders of jobs stay after their end.
const (
	keptWell   = 14 * 24 * time.Hour // ended well, or stopped with everything kept
	keptFailed = 90 * 24 * time.Hour
)

// tidy removes the folders of jobs that ended long ago. One that cannot be removed is no reason not to start another job.
// Whether a job died that was started on another machine cannot be known here: its folder stays.
func tidy(root string, now time.Time) {
	host, _ := os.Hostname()
	all, _ := List(root)
	for _, j := range all {
		kept := keptFailed
		switch state := j.State(); {
		case state == Running || state == Died && j.Host != host:
			continue
		case state == Done || state == Stopped:
			kept = keptWell
		}
		if now.Sub(j.end()) > kept {
			os.RemoveAll(j.dir)
		}
	}
}

// launch fills the folder of a new job and starts its process, which inherits the lock.
func launch(dir, name string) (*Job, error) {
	if err := os.Mkdir(dir, 0o777); err != nil {
		return nil, fmt.Errorf("jobs: %w", err)
	}
	alive, err := lock(filepath.Join(dir, lockFile))
	if err != nil {
		return nil, err
	}
	defer alive.Close()
	program := filepath.Join(dir, programFile)
	if err := copySelf(program); err != nil {
		return nil, fmt.Errorf("jobs: cannot copy the cell's program: %w; check that the disk has room", err)
	}
	log, err := os.OpenFile(filepath.Join(dir, logFile), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		return nil, fmt.Errorf("jobs: %w", err)
	}
	defer log.Close()
	host, _ := os.Hostname()
	j := &Job{Name: name, Host: host, Started: time.Now().UTC(), From: from(), dir: dir}
	if err := j.write(); err != nil {
		return nil, err
	}
	cmd := exec.Command(program, os.Args[1:]...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.ExtraFiles = []*os.File{alive} // becomes lockDescriptor
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Env = append(environment(os.Environ()), Variable+"="+dir)
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("jobs: cannot start the copy of the cell's program: %w; the folder of the runs must allow programs", err)
	}
	go cmd.Wait() // no zombie while this cell goes on
	return j, nil
}

// copySelf copies this program. It is no hard link: the next build may write into the file of this one.
func copySelf(to string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	in, err := os.Open(self)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// environment is that of a job: the cell's without GoNB's pipes, whose other end will be gone, and with the user's folder
// for temporary files: the cell's own is removed when the kernel ends.
func environment(cell []string) (kept []string) {
	var temp []string
	for _, v := range cell {
		if !strings.HasPrefix(v, "GONB_PIPE") && !strings.HasPrefix(v, Variable+"=") {
			kept = append(kept, v)
		}
		if folder, ok := strings.CutPrefix(v, "GANBOOK_TMPDIR="); ok {
			temp = []string{"TMPDIR=" + folder}
		}
	}
	return append(kept, temp...) // the last value of a name holds
}

// from says where a job is started: the notebook if the front end tells its name, else the working folder.
func from() string {
	if notebook := os.Getenv("JPY_SESSION_NAME"); notebook != "" {
		return notebook
	}
	dir, _ := os.Getwd()
	return dir
}
