print("pawld")
