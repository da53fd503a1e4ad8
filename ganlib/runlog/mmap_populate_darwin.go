package runlog

const populate = 0
